#!/bin/sh
# Prints the password of the lab's vaulted files, a new one in every lab. Ansible asks for it, also while there is no lab yet.
set -eu
umask 077
file=$(dirname "$0")/../../build/lab/vault_password
if [ ! -s "$file" ]; then
  mkdir -p "$(dirname "$file")"
  openssl rand -hex 24 > "$file"
fi
cat "$file"
