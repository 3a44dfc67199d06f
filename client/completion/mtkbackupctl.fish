# SPDX-License-Identifier: GPL-3.0-or-later
# fish completion of mtkbackupctl; the program itself knows what could come next
function __mtkbackupctl_complete
        set -l typed (commandline -opc)
        for line in ($typed[1] complete -- $typed[2..] (commandline -ct) 2>/dev/null)
                if test "$line" = :file
                        __fish_complete_path (commandline -ct)
                else
                        echo $line
                end
        end
end
complete -c mtkbackupctl -f -a '(__mtkbackupctl_complete)'
