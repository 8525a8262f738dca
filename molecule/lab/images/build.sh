#!/bin/sh
# Makes the image of one kind of lab host and prints its name. The tag is the digest of what the image
# is made from, so one that is there already is the right one and is not made again.
set -eu
cd "$(dirname "$0")"
kind=$1
tag=$(find base build.sh "$kind" -type f | LC_ALL=C sort | xargs sha256sum | sha256sum | cut -c 1-12)
image=localhost/messaging-lab/$kind:$tag
echo "$image"
podman image exists "$image" && exit

echo "building $image" >&2
if [ "$kind" = base ]; then
  # The host's own mirror, whichever that is. What looks like variables is for apt and mmdebstrap to fill in.
  # shellcheck disable=SC2016
  apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' \
    | grep -E ' bookworm(-updates|-security)? ' | sort -u \
    | mmdebstrap --quiet --variant=minbase --include="$(paste -sd, base/packages)" \
        --dpkgopt=force-unsafe-io --aptopt='Acquire::Languages "none"' \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --dpkgopt='path-exclude=/usr/share/man/*' \
        --customize-hook='copy-in base/install-packages /usr/local/sbin' \
        --customize-hook='copy-in base/gateway@.service /etc/systemd/system' \
        --customize-hook='chmod 755 "$1/usr/local/sbin/install-packages"' \
        bookworm - - \
    | podman import --quiet - "$image" >&2
else
  podman build --quiet --network host --build-arg "BASE=$(./build.sh base)" --tag "$image" "$kind" >&2
fi
