/* SPDX-License-Identifier: GPL-3.0-or-later */

/* Plays recordings of real device code to the model: each transfer of the host is given to it, each
 * answer is compared in length, number of packets and the bytes the recording shows. Time is the
 * test's own. Form of the files: tests/data/transcripts/convert. */

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/bytes.h"
#include "basic/fd.h"
#include "chips.h"
#include "model.h"

enum { AREA_SIZE = 0x400000, ANSWER_MAX = 4 * 1024 * 1024, STEP_US = 1000, PATIENCE_US = 3000000 };
#define USER_SIZE UINT64_C(0x3a3e00000)

typedef struct Play {
        const char *file;
        unsigned line;
        char dir[64];
        PhoneConfig config;
        Model *model;
        uint64_t now;
        uint8_t *answer;
        /* the agent that is being sent */
        size_t agent_size, agent_pos;
        uint16_t agent_sum, running_sum;
        bool spoken;
        unsigned answers, breaches;
        char error[400];
} Play;

_printf_(2, 3) static bool bad(Play *p, const char *format, ...)
{
        va_list ap;
        int n = snprintf(p->error, sizeof(p->error),
                "%s:%u: ", basename((char *)(uintptr_t)p->file), p->line);
        va_start(ap, format);
        vsnprintf(p->error + n, sizeof(p->error) - (size_t)n, format, ap);
        va_end(ap);
        return false;
}

static bool make_area(const char *dir, const char *name, uint64_t size)
{
        char path[200];
        snprintf(path, sizeof(path), "%s/%s", dir, name);
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        return fd >= 0 && ftruncate(fd, (off_t)size) == 0;
}

static bool open_phone(Play *p, char *words)
{
        char *word = strtok(words, " \n");
        if (!word || config_init(&p->config, word) < 0)
                return bad(p, "no such chip");
        while ((word = strtok(NULL, " \n")))
                if (config_set(&p->config, word) < 0)
                        return bad(p, "variation %s", word);
        snprintf(p->config.flash, sizeof(p->config.flash), "%s", p->dir);
        snprintf(p->config.log, sizeof(p->config.log), "/dev/null");
        for (FlashArea a = 0; a < _FLASH_MAX; a++) {
                const char *file = flash_file(a, p->config.chip->ufs);
                bool gp = a >= FLASH_GP1 && a <= FLASH_GP4;
                if (file && !gp &&
                        !make_area(p->dir, file, a == FLASH_USER ? USER_SIZE : AREA_SIZE))
                        return bad(p, "%s: %m", file);
        }
        return model_new(&p->config, &p->model) == 0 || bad(p, "no phone");
}

static bool put_flash(Play *p, char *words)
{
        char area[16], hex[400], path[200];
        unsigned long long offset;
        uint8_t data[200];
        if (sscanf(words, "%15s %llu %399s", area, &offset, hex) != 3 ||
                hex_decode(hex, data, strlen(hex) / 2) < 0)
                return bad(p, "flash");
        snprintf(path, sizeof(path), "%s/%s.img", p->dir, area);
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
        return fd_pwrite_full(fd, data, strlen(hex) / 2, offset) == 0 || bad(p, "flash");
}

static void tick(Play *p, uint64_t us)
{
        p->now += us;
        model_run(p->model, p->now);
}

static void power(Play *p)
{
        static const uint8_t configuration[8] = { 0x00, 0x09, 1 };
        static const uint8_t coding[8] = { 0x21, 0x20, 0, 0, 1, 0, 7, 0 };
        uint8_t data[7] = {};
        uint64_t when;
        model_unplug(p->model);
        tick(p, STEP_US);
        model_power_on(p->model);
        model_control(p->model, configuration, NULL, 0, &when);
        model_control(p->model, coding, data, sizeof(data), &when);
        p->spoken = false;
}

static bool send_bytes(Play *p, const uint8_t *data, size_t size)
{
        size_t pos = 0;
        uint64_t end = p->now + PATIENCE_US;
        do {
                size_t taken;
                int r = model_out(p->model, data + pos, size - pos, &taken);
                pos += taken;
                if (r == 0 && pos == size)
                        return true;
                if (r < 0 && r != -EAGAIN)
                        return bad(p, "the phone takes nothing: %s", strerror(-r));
                tick(p, STEP_US);
        } while (p->now < end);
        return bad(p, "the phone takes nothing");
}

/* The next n bytes of an agent whose 16-bit XOR is the recorded one, or of a counting pattern. */
static void payload(Play *p, uint8_t *data, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                size_t at = p->agent_pos++;
                if (!p->agent_size) {
                        data[i] = (uint8_t)(at & 0xff);
                        continue;
                }
                data[i] = (uint8_t)(at * 7 + 13);
                if (at + 2 >= p->agent_size)
                        data[i] = (uint8_t)((p->agent_sum ^ p->running_sum) >> (at & 1 ? 8 : 0));
                p->running_sum = (uint16_t)(p->running_sum ^ data[i] << (at & 1 ? 8 : 0));
        }
        if (p->agent_pos >= p->agent_size)
                p->agent_size = p->agent_pos = 0;
}

static bool play_out(Play *p, const char *text)
{
        _cleanup_free_ uint8_t *data = NULL;
        size_t size;
        p->spoken = true;
        if (*text == '-')
                return send_bytes(p, (const uint8_t *)"", 0);
        if (*text == '<') /* with its NUL */
                return send_bytes(p, (const uint8_t *)text + 1, strlen(text));
        const char *times = strchr(text, 'x');
        for (unsigned long i = times ? strtoul(times + 1, NULL, 10) : 1; i > 1; i--) {
                char one[32];
                snprintf(one, sizeof(one), "%.*s", (int)(times - text), text);
                if (!play_out(p, one))
                        return false;
        }
        size = *text == '*' ? strtoul(text + 1, NULL, 10) : strlen(text) / 2;
        data = malloc(size + 1);
        if (*text == '*') {
                if (!p->agent_size)
                        p->agent_pos = 0;
                payload(p, data, size);
        } else if (hex_decode(text, data, size) < 0)
                return bad(p, "hexadecimal");
        return send_bytes(p, data, size);
}

/* Collects an answer of so many bytes; READY tokens that were under way do not count. */
static bool collect(Play *p, size_t size, size_t *ret_packets)
{
        size_t got = 0, packets = 0, max = model_usb(p->model)->max_packet;
        uint64_t end = p->now + PATIENCE_US;
        while (got < size) {
                bool last;
                ssize_t n = model_in(p->model, p->answer + got, ANSWER_MAX - got, &last);
                if (n == -EAGAIN && p->now < end) {
                        tick(p, STEP_US);
                        continue;
                }
                if (n < 0)
                        return bad(p, "%zu of %zu bytes, then %s", got, size,
                                n == -EAGAIN ? "silence" : strerror((int)-n));
                if (n == 5 && !memcmp(p->answer + got, "READY", 5))
                        continue;
                packets += n ? ((size_t)n + max - 1) / max : 1;
                got += (size_t)n;
        }
        if (got > size)
                return bad(p, "%zu bytes, recorded were %zu", got, size);
        *ret_packets = packets;
        return true;
}

static bool play_in(Play *p, const char *text)
{
        unsigned long size, packets;
        char pattern[400] = "";
        size_t seen = 0;
        if (sscanf(text, "%lu/%lu %399s", &size, &packets, pattern) < 2 || size > ANSWER_MAX / 2)
                return bad(p, "answer");
        if (!collect(p, size, &seen))
                return false;
        p->answers++;
        for (size_t i = 0; pattern[2 * i]; i++) {
                uint8_t want;
                char two[3] = { pattern[2 * i], pattern[2 * i + 1] };
                if (two[0] == '?')
                        continue;
                if (hex_decode(two, &want, 1) < 0)
                        return bad(p, "pattern");
                if (p->answer[i] != want)
                        return bad(p, "byte %zu is %02x, recorded was %02x", i, p->answer[i], want);
        }
        if (seen < packets) { /* a zero-length one may close a run */
                bool last;
                seen += model_in(p->model, p->answer, ANSWER_MAX, &last) == 0;
        }
        if (seen != packets)
                return bad(p, "%zu packets, recorded were %lu", seen, packets);
        return true;
}

static bool play_line(Play *p, char *line)
{
        line[strcspn(line, "\n")] = 0;
        if (!strncmp(line, "phone ", 6))
                return open_phone(p, line + 6);
        if (sscanf(line, "breaches %u", &p->breaches) == 1)
                return true;
        if (!strncmp(line, "flash ", 6))
                return put_flash(p, line + 6);
        if (!strcmp(line, "power")) {
                power(p);
                return true;
        }
        if (!strcmp(line, "listen"))
                return send_bytes(p, (const uint8_t *)"\xa0", 1) && (tick(p, 50000), true);
        if (!strncmp(line, "agent ", 6)) {
                unsigned sum;
                p->agent_pos = p->running_sum = 0;
                if (sscanf(line + 6, "%zu %4x", &p->agent_size, &sum) != 2)
                        return bad(p, "agent");
                p->agent_sum = (uint16_t)sum;
                return true;
        }
        if (!strncmp(line, "> ", 2)) {
                bool first = !p->spoken;
                return play_out(p, line + 2) && (!first || (tick(p, 50000), true));
        }
        if (!strncmp(line, "< ", 2))
                return play_in(p, line + 2);
        return line[0] == '#' || !line[0] || bad(p, "what is %s", line);
}

static bool play(const char *file, Play *p)
{
        char line[8192];
        bool ok = true;
        _cleanup_fclose_ FILE *f = fopen(file, "re");
        p->file = file;
        if (!f)
                return bad(p, "%m");
        while (ok && fgets(line, sizeof(line), f)) {
                p->line++;
                ok = play_line(p, line);
        }
        if (ok && model_breaches(p->model) != p->breaches)
                ok = bad(p, "%u breaches", model_breaches(p->model));
        return ok && (p->answers || bad(p, "nothing was compared"));
}

int main(int argc, char **argv)
{
        bool all = true;
        printf("1..%d\n", argc - 1);
        for (int i = 1; i < argc; i++) {
                Play p = { .now = 1000000, .dir = "/tmp/transcript.XXXXXX" };
                p.answer = malloc(ANSWER_MAX);
                if (!mkdtemp(p.dir))
                        return 1;
                bool ok = play(argv[i], &p);
                printf("%s %d - %s, %u answers\n", ok ? "ok" : "not ok", i, basename(argv[i]),
                        p.answers);
                if (!ok)
                        printf("# %s\n", p.error);
                all &= ok;
                model_free(p.model);
                free(p.answer);
                tree_remove_at(AT_FDCWD, p.dir);
        }
        return !all;
}
