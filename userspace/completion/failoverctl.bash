# SPDX-License-Identifier: GPL-2.0
# bash completion for failoverctl(8); tests/unit/test_failoverctl.py holds it to the program.
_failoverctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} words=
	if [ "$COMP_CWORD" -eq 1 ]; then
		words="status help version"
	else
		case ${COMP_WORDS[1]} in
		status)
			words="--json --help $(cd /sys/class/net 2>/dev/null && echo *)" ;;
		help)
			words="status help version" ;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _failoverctl failoverctl
