/* SPDX-License-Identifier: GPL-3.0-or-later */

/* barehost: reads an area of a simulated XFlash phone with as little around it as possible.
 *
 * Prints one line of KEY=value words. With --wrong it breaks a rule, to see it caught. */

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <string.h>
#include <sys/resource.h>

#include "basic/bytes.h"
#include "front-stream.h"
#include "gen-agent.h"
#include "host.h"

typedef struct Options {
        const char *socket, *compare, *wrong, *chip;
        bool usb, off, no_finish;
        uint64_t size, offset;
        uint32_t section, storage, host_os;
        unsigned depth, transfer;
} Options;

static Options o = {
        .section = 8, .storage = 1, .depth = 4, .transfer = 1024 * 1024, .chip = "mt6765"
};

static bool wrong(const char *kind)
{
        return o.wrong && !strcmp(o.wrong, kind);
}

_Noreturn static void fail(const char *what)
{
        fprintf(stderr, "barehost: %s\n", what);
        exit(1);
}

/* ---- preloader ---- */

static void handshake(Host *h)
{
        static const uint8_t tokens[] = { 0xa0, 0x0a, 0x50, 0x05 };
        uint8_t c = 0;
        for (int i = 0; i < 300 && c != 0x5f; i++) {
                host_write(h, tokens, 1);
                while (host_try_read(h, &c, 1, 15) && c != 0x5f)
                        ;
        }
        if (c != 0x5f)
                fail("no handshake");
        for (int i = 1; i < 4; i++) {
                host_write(h, &tokens[wrong("token") && i == 2 ? 1 : i], 1);
                do
                        host_read(h, &c, 1);
                while (c == 0x5f);
                if ((c ^ tokens[i]) != 0xff)
                        fail("handshake refused");
        }
}

static void echo(Host *h, const void *data, size_t size)
{
        uint8_t back[4];
        host_write(h, data, size);
        host_read(h, back, size);
        if (memcmp(back, data, size) != 0)
                fail("no echo");
}

static uint16_t be16(Host *h)
{
        uint8_t d[2];
        host_read(h, d, 2);
        return get_be16(d);
}

static void echo32(Host *h, uint32_t v)
{
        uint8_t d[4];
        put_be32(d, v);
        echo(h, d, 4);
}

static void send_agent(Host *h, const uint8_t *agent, size_t size)
{
        uint16_t sum = 0;
        uint8_t hello;
        echo(h, "\xfd", 1);
        be16(h);
        be16(h);
        echo(h, "\xd7", 1);
        echo32(h, 0x200000);
        echo32(h, (uint32_t)size);
        echo32(h, 0x100);
        if (be16(h))
                fail("agent refused before it was sent");
        host_write(h, agent, size);
        for (size_t i = 0; i < size; i++)
                sum = (uint16_t)(sum ^ agent[i] << (i & 1 ? 8 : 0));
        if (be16(h) != sum)
                fail("checksum of the agent");
        if (be16(h))
                fail("agent refused");
        echo(h, "\xd5", 1);
        echo32(h, 0x200000);
        if (be16(h))
                fail("agent not started");
        host_read(h, &hello, 1);
        if (hello != 0xc0)
                fail("agent says no C0");
}

/* ---- frames ---- */

static void put_frame(Host *h, const void *data, size_t size)
{
        uint8_t f[12 + 64];
        put_le32(f, 0xfeeeeeef);
        put_le32(f + 4, 1);
        put_le32(f + 8, (uint32_t)size);
        if (wrong("joined") && size <= 64) {
                memcpy(f + 12, data, size);
                host_write(h, f, 12 + size);
                return;
        }
        if (wrong("magic"))
                f[0] = 0;
        host_write(h, f, 12);
        if (wrong("zlp"))
                host_write(h, NULL, 0);
        host_write(h, data, size);
}

static void put_word(Host *h, uint32_t v)
{
        uint8_t d[4];
        put_le32(d, v);
        put_frame(h, d, 4);
}

static uint32_t get_header(Host *h)
{
        uint8_t f[12];
        host_read(h, f, 12);
        if (get_le32(f) != 0xfeeeeeef)
                fail("no frame");
        return get_le32(f + 8);
}

static uint32_t get_status(Host *h)
{
        uint8_t d[4];
        if (get_header(h) != 4)
                fail("no status");
        host_read(h, d, 4);
        return get_le32(d);
}

static void command(Host *h, uint32_t code)
{
        put_word(h, code);
        if (get_status(h))
                fail("command refused");
}

static void start(Host *h, const uint8_t *file)
{
        const uint8_t *r1 = file + 0x6c + 0x14 + 20, *r2 = r1 + 20;
        uint8_t env[20] = { 3, 0, 0, 0, 1 }, where[16];
        send_agent(h, file + get_le32(r1), get_le32(r1 + 4));
        put_frame(h, wrong("sync") ? "SINK" : "SYNC", 4);
        put_word(h, 0x10100);
        put_le32(env + 8, o.host_os);
        put_frame(h, env, sizeof(env));
        if (get_status(h))
                fail("environment refused");
        put_word(h, 0x10101);
        put_word(h, 0);
        if (get_status(h) || get_status(h) != 0x434e5953)
                fail("stage 1 is not ready");
        uint32_t size = get_le32(r2 + 4) - 0x100;
        command(h, 0x10008);
        put_le64(where, 0x40000000);
        put_le64(where + 8, size);
        put_frame(h, where, sizeof(where));
        put_frame(h, file + get_le32(r2), size);
        if (get_status(h))
                fail("stage 2 refused");
        if (get_status(h) != 0x434e5953)
                fail("stage 2 is not ready");
}

static void read_area(Host *h, int fd)
{
        uint8_t block[56] = {};
        uint64_t left = o.size, offset = o.offset;
        put_le32(block, o.storage);
        put_le32(block + 4, o.section);
        put_le64(block + 8, o.offset);
        put_le64(block + 16, o.size);
        command(h, wrong("write") ? 0x10004 : 0x10005);
        put_frame(h, block, sizeof(block));
        uint32_t status = get_status(h);
        if (status) {
                fprintf(stderr, "barehost: read refused with %08x\n", status);
                exit(1);
        }
        while (left) {
                if (get_status(h))
                        fail("read error");
                uint32_t n = get_header(h);
                if (wrong("early-ack"))
                        put_word(h, 0);
                if (fd >= 0)
                        host_compare(h, n, fd, offset);
                else
                        host_drain(h, n);
                if (!wrong("early-ack"))
                        put_word(h, 0);
                left -= MIN(left, (uint64_t)n);
                offset += n;
        }
        if (get_status(h))
                fail("read failed at its end");
}

static void finish(Host *h)
{
        uint8_t block[24] = { !o.off };
        command(h, 0x10007);
        put_frame(h, block, sizeof(block));
        if (get_status(h))
                fail("shutdown refused");
        if (!host_wait_gone(h, 3000))
                fail("still there after the shutdown");
}

static int usage(FILE *f, int code)
{
        fprintf(f,
                "barehost --stream SOCKET | --usb [OPTION...]\n"
                "  --size N --offset N --section N --storage N  what to read\n"
                "  --compare FILE   the flash area it must equal\n"
                "  --host-os N      0 (default) or 1\n"
                "  --chip NAME      agent for it (mt6765)\n"
                "  --depth N --transfer N  queued IN transfers and their size\n"
                "  --off            power off instead of reboot\n"
                "  --no-finish      just close\n"
                "  --wrong KIND     token joined zlp magic sync early-ack write\n");
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
                case 'n': o.size = n; break;
                case 'o': o.offset = n; break;
                case 'S': o.section = (uint32_t)n; break;
                case 'T': o.storage = (uint32_t)n; break;
                case 'c': o.compare = optarg; break;
                case 'O': o.host_os = (uint32_t)n; break;
                case 'C': o.chip = optarg; break;
                case 'd': o.depth = (unsigned)n; break;
                case 't': o.transfer = (unsigned)n; break;
                case 'f': o.off = true; break;
                case 'F': o.no_finish = true; break;
                case 'w': o.wrong = optarg; break;
                case 'h': exit(usage(stdout, 0));
                default: return -1;
                }
        }
        return !o.socket == !o.usb || optind != argc ? -1 : 0;
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
        if (agent_code(o.chip, &spec.codes[0]) < 0 || agent_make(&spec, &agent, &agent_size) < 0)
                fail("no agent");
        if (o.compare && (fd = open(o.compare, O_RDONLY | O_CLOEXEC)) < 0)
                fail(strerror(errno));
        Host *h = o.usb ? host_open_usb(o.depth, o.transfer, &added) : host_open_stream(o.socket);
        handshake(h);
        uint64_t met = stream_now();
        start(h, agent);
        uint64_t begin = stream_now();
        if (o.size)
                read_area(h, fd);
        uint64_t end = stream_now();
        if (!o.no_finish)
                finish(h);
        host_free(h);
        getrusage(RUSAGE_SELF, &use);
        printf("BYTES=%llu SECONDS=%.6f MBPS=%.1f HANDSHAKE_MS=%.3f CPU=%.6f\n",
                (unsigned long long)o.size, (double)(end - begin) / 1e6,
                (double)o.size / (double)MAX(end - begin, UINT64_C(1)),
                added ? (double)(met - added) / 1e3 : 0.0,
                (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
                        (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6);
        return 0;
}
