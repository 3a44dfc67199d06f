# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion of mtkbackupctl; the program itself knows what could come next
_mtkbackupctl() {
        local word=${COMP_WORDS[COMP_CWORD]} candidate
        [ "$word" = = ] && word=
        COMPREPLY=()
        while IFS=$'\t' read -r candidate _; do
                if [ "$candidate" = :file ]; then
                        compopt -o filenames 2>/dev/null
                        while read -r candidate; do
                                COMPREPLY+=("$candidate")
                        done < <(compgen -f -- "$word")
                else
                        COMPREPLY+=("$candidate")
                fi
        done < <("${COMP_WORDS[0]}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _mtkbackupctl mtkbackupctl
