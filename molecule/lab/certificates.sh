#!/bin/sh
# Makes the lab's certificate authority and, for each host, a directory with its key, its certificate and the authority's.
# usage: certificates.sh DIRECTORY DOMAIN NAME=ADDRESS...
set -eu
umask 077
directory=$1 domain=$2
shift 2
mkdir -p "$directory"
cd "$directory"

new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1"; }

new_key ca.key
openssl req -x509 -new -key ca.key -days 365 -subj "/CN=Lab certificate authority" -out ca.pem \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign

for host in "$@"; do
  name=${host%%=*} address=${host#*=}
  mkdir "$name"
  new_key "$name/key.pem"
  openssl req -new -key "$name/key.pem" -subj "/CN=$name.$domain" \
    -addext "subjectAltName=DNS:$name.$domain,DNS:$name,IP:$address" -addext extendedKeyUsage=serverAuth,clientAuth \
    | openssl x509 -req -CA ca.pem -CAkey ca.key -CAcreateserial -days 365 -copy_extensions copy -out "$name/cert.pem" 2>/dev/null
  cp ca.pem "$name"
  chmod 755 "$name"
  chmod 644 "$name/cert.pem" "$name/ca.pem"
done
