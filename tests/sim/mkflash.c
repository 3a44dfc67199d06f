/* SPDX-License-Identifier: GPL-3.0-or-later */

/* mkflash: makes the flash of a simulated phone. */

#include <getopt.h>
#include <string.h>

#include "basic/table.h"
#include "gen-flash.h"

static int usage(FILE *f, int code)
{
        fprintf(f,
                "mkflash DIR [OPTION...]\n"
                "Makes user.img, boot1.img, boot2.img, rpmb.img (UFS: lu0.img, lu1.img, "
                "lu2.img).\n\n"
                "  --user SIZE   of USER or LU2 (512M); sparse, 16G costs nothing\n"
                "  --boot SIZE   of each boot area (4M)\n"
                "  --ufs         UFS with sectors of 4096 bytes\n"
                "  --seed N      other contents (1)\n"
                "  --generation N  the same phone later: some partitions have changed (0)\n"
                "  --gpt KIND   ");
        for (int i = 0; i < _GPT_MAX; i++)
                fprintf(f, " %s", gpt_kind_names[i]);
        fprintf(f, "\n");
        return code;
}

int main(int argc, char **argv)
{
        static const struct option options[] = {
                { "user", required_argument, NULL, 'u' },
                { "boot", required_argument, NULL, 'b' },
                { "ufs", no_argument, NULL, 'U' },
                { "seed", required_argument, NULL, 's' },
                { "generation", required_argument, NULL, 'n' },
                { "gpt", required_argument, NULL, 'g' },
                { "help", no_argument, NULL, 'h' },
                {},
        };
        FlashSpec s;
        int c, r = 0, kind;
        flash_spec_init(&s);
        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {
                case 'u': r |= parse_size(optarg, &s.user_size); break;
                case 'b': r |= parse_size(optarg, &s.boot_size); break;
                case 'U': s.ufs = true; break;
                case 's': r |= parse_size(optarg, &s.seed); break;
                case 'n': r |= parse_size(optarg, &s.generation); break;
                case 'g':
                        kind = table_value(gpt_kind_names, _GPT_MAX, optarg);
                        r |= kind;
                        s.gpt = (GptKind)kind;
                        break;
                case 'h': return usage(stdout, 0);
                default: return 2;
                }
        if (r < 0 || optind + 1 != argc)
                return usage(stderr, 2);
        r = flash_make(argv[optind], &s);
        if (r < 0)
                fprintf(stderr, "mkflash: %s: %s\n", argv[optind], strerror(-r));
        return r < 0;
}
