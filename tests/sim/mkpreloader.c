/* SPDX-License-Identifier: GPL-3.0-or-later */

/* mkpreloader: makes a preloader file with memory settings for simulated phones. */

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "gen-preloader.h"

static int usage(FILE *f, int code)
{
        fprintf(f,
                "mkpreloader FILE [OPTION...]\n"
                "Makes a preloader file with the memory settings of simulated phones.\n\n"
                "  --version N   of the settings (20)\n"
                "  --entries N   memories they know (3)\n"
                "  --fits N      which of them is the phones' (1); as many as entries: none\n"
                "  --bare        only the settings, no file around them\n");
        return code;
}

int main(int argc, char **argv)
{
        static const struct option options[] = {
                { "version", required_argument, NULL, 'v' },
                { "entries", required_argument, NULL, 'e' },
                { "fits", required_argument, NULL, 'f' },
                { "bare", no_argument, NULL, 'b' },
                { "help", no_argument, NULL, 'h' },
                {},
        };
        PreloaderSpec s = { .version = 20, .n_entries = 3, .fits = 1 };
        _cleanup_free_ uint8_t *data = NULL;
        size_t size;
        int c, r;
        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {
                case 'v': s.version = (unsigned)strtoul(optarg, NULL, 0); break;
                case 'e': s.n_entries = (unsigned)strtoul(optarg, NULL, 0); break;
                case 'f': s.fits = (unsigned)strtoul(optarg, NULL, 0); break;
                case 'b': s.bare = true; break;
                case 'h': return usage(stdout, 0);
                default: return 2;
                }
        if (optind + 1 != argc)
                return usage(stderr, 2);
        r = preloader_make(&s, &data, &size);
        if (r >= 0) {
                _cleanup_fclose_ FILE *f = fopen(argv[optind], "we");
                if (!f || fwrite(data, 1, size, f) != size || fflush(f) != 0)
                        r = -errno;
        }
        if (r < 0)
                fprintf(stderr, "mkpreloader: %s: %s\n", argv[optind], strerror(-r));
        return r < 0;
}
