# SPDX-License-Identifier: GPL-2.0
# bash completion for failoverctl(8); tests/unit/test_failoverctl.py holds it to the program.
_failoverctl()
{
	local cur=${COMP_WORDS[COMP_CWORD]} words="" cards=""
	local commands="status check monitor history metrics drain undrain announce help version"
	cards=$(cd /sys/class/net 2>/dev/null && echo *)
	if [ "$COMP_CWORD" -eq 1 ]; then
		words=$commands
	else
		case ${COMP_WORDS[1]} in
		status)
			words="--json --watch --help $cards" ;;
		monitor)
			words="--json --count= --timeout= --help $cards" ;;
		check | history | drain | undrain | announce)
			words="--json --help $cards" ;;
		metrics)
			words="--help" ;;
		help)
			words=$commands ;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}
complete -F _failoverctl failoverctl
