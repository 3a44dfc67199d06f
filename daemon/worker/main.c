/* SPDX-License-Identifier: GPL-3.0-or-later */

/* mtkbackup-worker: started by mtkbackupd with its control socket as descriptor 3 and the phone as
 * descriptor 4. Not for use by hand. */

#include <stdio.h>
#include <string.h>

#include "daemon/worker/worker.h"
#include "profile/chip.h"

int main(int argc, char **argv)
{
        WorkerOptions o = WORKER_OPTIONS_DEFAULT;

        for (int i = 1; i < argc; i++) {
                if (strcmp(argv[i], "--cage=optional") == 0) {
                        o.cage_required = false;
                } else if (strncmp(argv[i], "--chip=", 7) == 0 &&
                        chip_extra_add(argv[i] + 7) == 0) {
                        continue;
                } else if (strcmp(argv[i], "--cage=required") != 0) {
                        fprintf(stderr, "mtkbackup-worker: unknown argument \"%s\"\n", argv[i]);
                        return 2;
                }
        }
#if TEST_HOOKS
        const char *cage = getenv("MTKBACKUP_TEST_CAGE");

        if (cage && strcmp(cage, "off") == 0)
                o.cage = false;
#endif
        return worker_run(&o);
}
