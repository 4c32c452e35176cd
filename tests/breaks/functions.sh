#!/bin/sh
# What several breaks do: reading.py puts these functions before each script and before what undoes it.

# start_with UNIT [PORT] < LINES: start a service anew with these lines in its unit, and leave no file that says so. With
# PORT, wait until it listens there: one that counts as started at once may not have read its files yet.
start_with() {
  drop_in=/run/systemd/system/$1.service.d
  mkdir -p "$drop_in"
  { echo '[Service]'; cat; } > "$drop_in/other.conf"
  systemctl daemon-reload
  systemctl restart "$1"
  if [ -n "${2-}" ]; then
    until ss -Hltn "sport = :$2" | grep -q LISTEN; do sleep 0.2; done
  fi
  rm -r "$drop_in"
  systemctl daemon-reload
}

# start_with_edited UNIT FILE "PORT" SED-ARGUMENT...: start a service anew with what sed makes of a file lying over it, in the
# service's own mounts only. Fails where sed changes nothing.
start_with_edited() {
  unit=$1 file=$2 port=$3
  shift 3
  sed "$@" "$file" > /run/amanat-break-edited
  if cmp -s "$file" /run/amanat-break-edited; then exit 1; fi
  chmod 644 /run/amanat-break-edited
  echo "BindReadOnlyPaths=/run/amanat-break-edited:$file" | start_with "$unit" "$port"
  rm /run/amanat-break-edited
}

# sql [DATABASE] < STATEMENTS: run them as the superuser of the store, in the archive unless another database is named; the first
# that fails ends it.
sql() {
  runuser -u postgres -- psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname="${1-archive}"
}
