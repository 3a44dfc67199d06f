/* SPDX-License-Identifier: GPL-3.0-or-later */

/* mkagent: makes a download agent container for simulated phones. */

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "basic/fd.h"
#include "gen-agent.h"

static int usage(FILE *f, int code)
{
        fprintf(f,
                "mkagent FILE [OPTION...]\n"
                "Makes a download agent container that simulated phones accept.\n\n"
                "  --chip NAME     mt6765 (default), or a code like 0x6765; may be repeated\n"
                "  --seed N        other contents (1)\n"
                "  --hw-ver N --sw-ver N  of the entries (0xca00, 0)\n"
                "  --wrong-digest  stage 1 will refuse stage 2\n"
                "  --v6            description of the XML family\n");
        return code;
}

static int save(const char *path, const uint8_t *data, size_t size)
{
        _cleanup_fclose_ FILE *f = fopen(path, "we");
        if (!f || fwrite(data, 1, size, f) != size || fflush(f) != 0)
                return -errno;
        return 0;
}

int main(int argc, char **argv)
{
        static const struct option options[] = {
                { "chip", required_argument, NULL, 'c' },
                { "seed", required_argument, NULL, 's' },
                { "hw-ver", required_argument, NULL, 'H' },
                { "sw-ver", required_argument, NULL, 'S' },
                { "wrong-digest", no_argument, NULL, 'w' },
                { "v6", no_argument, NULL, '6' },
                { "help", no_argument, NULL, 'h' },
                {},
        };
        AgentSpec s = { .seed = 1, .hw_ver = 0xca00 };
        _cleanup_free_ uint8_t *data = NULL;
        size_t size;
        int c, r;
        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0)
                switch (c) {
                case 'c':
                        if (s.n_codes == AGENT_CHIPS_MAX ||
                                agent_code(optarg, &s.codes[s.n_codes++]) < 0) {
                                fprintf(stderr, "mkagent: no chip %s\n", optarg);
                                return 2;
                        }
                        break;
                case 's': s.seed = strtoull(optarg, NULL, 0); break;
                case 'H': s.hw_ver = (uint16_t)strtoul(optarg, NULL, 0); break;
                case 'S': s.sw_ver = (uint16_t)strtoul(optarg, NULL, 0); break;
                case 'w': s.wrong_digest = true; break;
                case '6': s.v6 = true; break;
                case 'h': return usage(stdout, 0);
                default: return 2;
                }
        if (optind + 1 != argc)
                return usage(stderr, 2);
        if (!s.n_codes)
                s.codes[s.n_codes++] = 0x6765;
        r = agent_make(&s, &data, &size);
        if (r >= 0)
                r = save(argv[optind], data, size);
        if (r < 0)
                fprintf(stderr, "mkagent: %s: %s\n", argv[optind], strerror(-r));
        return r < 0;
}
