#!/bin/sh
# Links kernels into an image that veo_proc_create_static and VEORUN_BIN accept.
set -eu

usage() {
    cat >&2 <<'TEXT'
usage: mk_veorun_static [-o] IMAGE OBJECT|LIBRARY|OPTION ...
Kernels are compiled with -fpic. Handed on to the linker: -fopenmp, -L..., -l...,
-Wl,... and other options; --link-nosym=LIBRARY,... names libraries whose functions
are no kernels; -v shows what is run. CC, NM, CFLAGS and LDFLAGS are taken from the
environment.
TEXT
    exit 1
}

fail() {
    echo "mk_veorun_static: $1" >&2
    exit 1
}

# An argument for the command line that is evaluated below.
quoted() {
    printf " '%s'" "$(printf %s "$1" | sed "s/'/'\\\\''/g")"
}

image='' first='' kernels='' options='' only_files=no verbose=no
while [ $# -gt 0 ]; do
    case $only_files,$1 in
    no,--) only_files=yes ;;
    no,-h | no,--help) usage ;;
    no,-v) verbose=yes ;;
    no,-o) [ $# -gt 1 ] || usage; image=$2; shift ;;
    no,--link-nosym=*) options="$options$(quoted "${1#*=}" | sed "s/,/' '/g")" ;;
    no,-*) options="$options$(quoted "$1")" ;;
    *) if [ -z "$image$first" ]; then first=$1; else kernels="$kernels$(quoted "$1")"; fi ;;
    esac
    shift
done
if [ -z "$image" ]; then
    # The image is the first file that is named.
    case $first in *.o | *.a | *.so) fail "no image is named: -o IMAGE goes before $first" ;; esac
    image=$first
elif [ -n "$first" ]; then
    kernels="$(quoted "$first")$kernels"
fi
[ -n "$image" ] && [ -n "$kernels" ] || usage

# Libraries that the languages of the kernels need beside them.
undefined=$(eval "${NM:-nm} -u $kernels" 2>/dev/null || true)
case $undefined in *_gfortran_*) options="$options -lgfortran" ;; esac
case $undefined in *__gxx_personality_* | *_ZNS* | *_Zn[wa]m* | *_Zd[la]Pv*) options="$options -lstdc++" ;; esac

command="${CC:-cc} ${CFLAGS:-} -shared -Wl,-Bsymbolic -o$(quoted "$image")"
command="$command -Wl,--whole-archive$kernels -Wl,--no-whole-archive$options ${LDFLAGS:-}"
[ "$verbose" = no ] || echo "$command"
eval "$command" || fail "$image was not made; kernels have to be compiled with -fpic"
