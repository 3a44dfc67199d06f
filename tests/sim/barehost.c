/* SPDX-License-Identifier: GPL-3.0-or-later */

/* barehost: reads an area of a simulated phone with as little around it as possible. It is written
 * for itself: nothing of the product's protocols is in it.
 *
 * Prints one line of KEY=value words. With --wrong it breaks a rule, to see it caught. */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <string.h>
#include <sys/resource.h>

#include "bare.h"
#include "basic/bytes.h"
#include "chips.h"
#include "front-stream.h"
#include "gen-agent.h"
#include "legacy-model.h"
#include "xml-model.h"

enum { HEADER = 0x6c, REGIONS = 0x14, REGION = 20 };

typedef struct Options {
        const char *socket, *compare;
        bool usb, no_finish, areas;
        unsigned depth, transfer;
} Options;

static Options o = { .depth = 4, .transfer = 1024 * 1024 };
static Bare bare = { .chip = "mt6765", .compare = -1 };

bool bare_wrong(const Bare *b, const char *kind)
{
        return b->wrong && !strcmp(b->wrong, kind);
}

void bare_fail(const char *format, ...)
{
        va_list ap;
        fprintf(stderr, "barehost: ");
        va_start(ap, format);
        vfprintf(stderr, format, ap);
        va_end(ap);
        fputc('\n', stderr);
        exit(1);
}

const uint8_t *bare_region(const Bare *b, unsigned i, size_t *ret_size, uint32_t *ret_address)
{
        const uint8_t *r = b->agent + HEADER + REGIONS + i * REGION;
        *ret_size = get_le32(r + 4);
        if (ret_address)
                *ret_address = get_le32(r + 8);
        return b->agent + get_le32(r);
}

bool bare_take(Bare *b, size_t n, uint64_t offset)
{
        bool too_little = bare_wrong(b, "short");
        if (too_little)
                n /= 2;
        if (b->compare >= 0)
                host_compare(b->host, n, b->compare, offset);
        else
                host_drain(b->host, n);
        return too_little;
}

/* What it left unread lies there as long as the line is open. */
void bare_stay(void)
{
        host_wait_closed(bare.host, 5000);
        bare_fail("waited for too little");
}

/* Its protocol, and where its user area is. */
static const BareFamily *choose_family(void)
{
        const Personality *p = personality_find(bare.chip);
        if (!p)
                bare_fail("no chip %s", bare.chip);
        if (!bare.area)
                bare.area = p->ufs ? "lu2" : "user";
        if (!bare.storage)
                bare.storage = p->ufs ? 48 : 1;
        if (!bare.section)
                bare.section = p->ufs ? 3 : 8;
        return p->agent == &legacy_agent  ? &bare_legacy
                : p->agent == &xml_stage1 ? &bare_xml
                                          : &bare_xflash;
}

static int usage(FILE *f, int code)
{
        fprintf(f,
                "barehost --stream SOCKET | --usb [OPTION...]\n"
                "  --size N --offset N --area NAME  what to read (user, boot1, boot2, lu0…)\n"
                "  --areas          only tells which area is read if none is named\n"
                "  --section N --storage N  the same in XFlash's numbers\n"
                "  --compare FILE   the flash area it must equal\n"
                "  --host-os N      0 (default) or 1\n"
                "  --chip NAME      agent for it, and its protocol (mt6765)\n"
                "  --depth N --transfer N  queued IN transfers and their size\n"
                "  --off            power off instead of reboot\n"
                "  --no-finish      just close\n"
                "  --wrong KIND     token joined zlp magic sync early-ack short loader-zlp "
                "write\n");
        return code;
}

static int parse(int argc, char **argv)
{
        static const struct option options[] = {
                { "stream", required_argument, NULL, 's' },
                { "usb", no_argument, NULL, 'u' },
                { "size", required_argument, NULL, 'n' },
                { "offset", required_argument, NULL, 'o' },
                { "section", required_argument, NULL, 'S' },
                { "storage", required_argument, NULL, 'T' },
                { "area", required_argument, NULL, 'a' },
                { "areas", no_argument, NULL, 'A' },
                { "compare", required_argument, NULL, 'c' },
                { "host-os", required_argument, NULL, 'O' },
                { "chip", required_argument, NULL, 'C' },
                { "depth", required_argument, NULL, 'd' },
                { "transfer", required_argument, NULL, 't' },
                { "off", no_argument, NULL, 'f' },
                { "no-finish", no_argument, NULL, 'F' },
                { "wrong", required_argument, NULL, 'w' },
                { "help", no_argument, NULL, 'h' },
                {},
        };
        int c;
        while ((c = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
                uint64_t n = optarg ? strtoull(optarg, NULL, 0) : 0;
                switch (c) {
                case 's': o.socket = optarg; break;
                case 'u': o.usb = true; break;
                case 'n': bare.size = n; break;
                case 'o': bare.offset = n; break;
                case 'S': bare.section = (uint32_t)n; break;
                case 'T': bare.storage = (uint32_t)n; break;
                case 'A': o.areas = true; break;
                case 'a': bare.area = optarg; break;
                case 'c': o.compare = optarg; break;
                case 'O': bare.host_os = (uint32_t)n; break;
                case 'C': bare.chip = optarg; break;
                case 'd': o.depth = (unsigned)n; break;
                case 't': o.transfer = (unsigned)n; break;
                case 'f': bare.off = true; break;
                case 'F': o.no_finish = true; break;
                case 'w': bare.wrong = optarg; break;
                case 'h': exit(usage(stdout, 0));
                default: return -1;
                }
        }
        return (!o.areas && !o.socket == !o.usb) || optind != argc ? -1 : 0;
}

int main(int argc, char **argv)
{
        AgentSpec spec = { .seed = 1, .hw_ver = 0xca00, .n_codes = 1 };
        _cleanup_free_ uint8_t *agent = NULL;
        _cleanup_close_ int fd = -1;
        size_t agent_size;
        uint64_t added = 0;
        struct rusage use;
        if (parse(argc, argv) < 0)
                return usage(stderr, 2);
        const BareFamily *family = choose_family();
        if (o.areas) {
                puts(bare.area);
                return 0;
        }
        if (agent_code(bare.chip, &spec.codes[0]) < 0 || agent_make(&spec, &agent, &agent_size) < 0)
                bare_fail("no agent");
        bare.agent = agent;
        bare.da_code = spec.codes[0];
        if (o.compare && (fd = open(o.compare, O_RDONLY | O_CLOEXEC)) < 0)
                bare_fail("%s: %s", o.compare, strerror(errno));
        bare.compare = fd;
        bare.host = o.usb ? host_open_usb(o.depth, o.transfer, &added) : host_open_stream(o.socket);
        bare_boot(&bare);
        family->start(&bare);
        uint64_t begin = stream_now();
        if (bare.size)
                family->read(&bare);
        uint64_t end = stream_now();
        if (!o.no_finish) {
                family->finish(&bare);
                if (!host_wait_gone(bare.host, 3000))
                        bare_fail("still there after the end");
        }
        host_free(bare.host);
        getrusage(RUSAGE_SELF, &use);
        printf("BYTES=%llu SECONDS=%.6f MBPS=%.1f HANDSHAKE_MS=%.3f CPU=%.6f\n",
                (unsigned long long)bare.size, (double)(end - begin) / 1e6,
                (double)bare.size / (double)MAX(end - begin, UINT64_C(1)),
                added ? (double)(bare.met - added) / 1e3 : 0.0,
                (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
                        (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6);
        return 0;
}
