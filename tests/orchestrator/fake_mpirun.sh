#!/bin/sh
# Stands in for mpirun in tests: talks as rank 0 of a gang would. What it is told decides what goes wrong.
echo "a library says hello"
echo "mpirun complains" >&2
echo '{"type":"ready","protocol":1,"build":"b","ranks":[]}'
while read -r line; do
  case $line in
    *'"exit"'*) exit 0 ;;
    *'"mode":"now"'*) setsid sleep 1000 & echo '{"type":"checkpoint","job":"a","attempt":1,"path":"p","step":1}' ;;
    *'"mode":"checkpoint"'*) head -c 2000000 /dev/zero | tr '\0' 'x' ;;
    *'"attempt":1,'*'"ack"'*) exit 139 ;;
    *'"attempt":2,'*'"ack"'*) echo '{"type":"outcome","job":"a"}' ;;
  esac
done
