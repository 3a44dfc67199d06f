/* SPDX-License-Identifier: GPL-3.0-or-later */

/* mtkbackupd: waits for MediaTek phones in download mode and backs them up. */

#include <errno.h>
#include <getopt.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/log.h"
#include "daemon/service.h"

enum { PROFILE_DIRECTORIES_MAX = 16 };

static const char usage[] =
        "mtkbackupd [--config FILE] [--state-directory DIR] [--profile-directory DIR]...\n"
        "           [--helper-directory DIR]\n"
        "Backs up MediaTek phones in download mode. Jobs are given with mtkbackupctl.\n"
        "mtkbackupd(8) explains the options.\n";

static const char *const default_profiles[] = { PROFILE_DIR, CONFIG_DIR "/profiles", NULL };

/* 1 run, 0 all is said, negative: wrong */
static int parse_arguments(int argc, char **argv, ManagerSetup *setup,
        const char *profiles[static PROFILE_DIRECTORIES_MAX + 1])
{
        static const struct option options[] = {
                { "config", required_argument, NULL, 'c' },
                { "state-directory", required_argument, NULL, 's' },
                { "profile-directory", required_argument, NULL, 'p' },
                { "helper-directory", required_argument, NULL, 'l' },
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'v' },
                { NULL, 0, NULL, 0 },
        };
        size_t n = 0;
        int c;

        while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
                switch (c) {
                case 'c': setup->config = optarg; break;
                case 's': setup->state = optarg; break;
                case 'l': setup->helpers = optarg; break;
                case 'p':
                        if (n == PROFILE_DIRECTORIES_MAX)
                                return -E2BIG;
                        profiles[n++] = optarg;
                        setup->profiles = profiles;
                        break;
                case 'h': fputs(usage, stdout); return 0;
                case 'v': puts("mtkbackupd " VERSION); return 0;
                default: return -EINVAL;
                }
        }
        if (optind == argc)
                return 1;
        fprintf(stderr, "mtkbackupd: unexpected argument \"%s\"\n", argv[optind]);
        return -EINVAL;
}

int main(int argc, char **argv)
{
        const char *profiles[PROFILE_DIRECTORIES_MAX + 1] = { NULL };
        _cleanup_(service_freep) Service *s = NULL;
        ManagerSetup setup = {
                .config = CONFIG_DIR "/mtkbackupd.yaml",
                .state = STATE_DIR,
                .helpers = LIBEXEC_DIR,
                .profiles = default_profiles,
        };
        Failure f = { 0 };
        int r = parse_arguments(argc, argv, &setup, profiles);

        if (r < 0)
                fputs(usage, stderr);
        if (r <= 0)
                return r == 0 ? EXIT_SUCCESS : 2;
        log_open("mtkbackupd");
        umask(0077);
        r = service_new(&setup, &s, &f);
        if (r < 0) {
                log_error("%s", f.text);
                return EXIT_FAILURE;
        }
        r = service_run(s);
        if (r < 0)
                log_error("Ended: %s", strerror(-r));
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
