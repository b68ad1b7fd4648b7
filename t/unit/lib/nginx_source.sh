#!/bin/sh
#
# nginx_source.sh DIR: the source of this machine's nginx, unpacked, patched
# as Debian patches it and configured, as DIR (with src/ and objs/ in it).
# Does nothing when DIR is there already.
#
# nginx-dev has headers only; the unit tests and the sanitizer build need
# nginx's own .c files.  Debian's source package comes through apt, by a
# sources list of its own: the machine's configuration is left as it was.
# Needs dpkg-dev and what nginx-dev depends on.

set -eu

mkdir -p "$(dirname "$1")"
dir=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")

[ -f "$dir/objs/ngx_auto_config.h" ] && exit 0

work=$dir.part.$$
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$work/lists/partial" "$work/parts"

# The machine's own entries, with "deb" read as "deb-src".
for list in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
    [ -f "$list" ] || continue

    case $list in
    *.sources)
        sed 's/^Types:.*/Types: deb-src/' "$list" \
            > "$work/parts/$(basename "$list")"
        ;;
    *.list)
        sed -n 's/^deb[[:space:]]/deb-src /p' "$list" \
            > "$work/parts/$(basename "$list")"
        ;;
    esac
done

version=$(dpkg-query -W -f '${source:Version}' nginx)

# apt get|cache WORD...: with those entries and lists of its own.
apt() {
    program=$1
    shift
    "apt-$program" -qq -o Dir::Etc::SourceList=/dev/null \
                   -o Dir::Etc::SourceParts="$work/parts" \
                   -o Dir::State::Lists="$work/lists" \
                   -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= "$@"
}

# The source of the version that is installed, or of another Debian revision
# of the same nginx, the newest first: an archive keeps the newest only, and
# for a while a mirror has the list of it, but not yet the files.
download() {
    echo "$version" > versions
    apt cache showsrc --only-source nginx \
        | awk '$1 == "Version:" { print $2 }' | sort -Vr >> versions
    grep "^${version%-*}-" versions > same

    while read -r one <&3; do
        apt get source --download-only "nginx=$one" && return
        rm -f nginx_*
    done 3< same

    return 1
}

# A list of somebody else's packages without sources is no reason to stop:
# what matters is whether nginx's are found.
get() {
    cd "$work"
    apt get update || echo "some lists have no sources"
    download \
        && dpkg-source --no-check -x nginx_*.dsc tree \
        && cd tree \
        && ./configure --with-compat --with-debug --with-threads \
                       --with-http_ssl_module --with-http_v2_module \
                       --with-http_realip_module \
                       --with-http_stub_status_module
}

if ! (get) > "$work/log" 2>&1; then
    tail -n 20 "$work/log" >&2
    echo "nginx_source.sh: cannot get the source of nginx $version" >&2
    exit 1
fi

# Somebody else may have been faster.
[ -d "$dir" ] || mv "$work/tree" "$dir"
