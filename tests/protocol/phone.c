/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "phone.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "../unit/test.h"
#include "basic/clock.h"
#include "basic/digest.h"
#include "basic/fd.h"
#include "protocol/da-families.h"
#include "protocol/handshake.h"
#include "transport/stream.h"

enum { START_MS = 20000, HANDSHAKE_MS = 4000, BREACH_EXIT = 3, NAMES_MAX = 64 };

/* A failed assertion leaves its test behind as it is: what is still there goes at the exit. */
static Phone *unfinished;

static void clean_up(void)
{
        if (unfinished)
                tree_remove_at(AT_FDCWD, unfinished->dir);
}

Phone *phone_new(const char *chip)
{
        Phone *p = calloc(1, sizeof *p);

        assert_non_null(p);
        assert_int_equal(digest_init(), 0);
        snprintf(p->dir, sizeof p->dir, "%s", "/tmp/mtkbackup-phone-XXXXXX");
        assert_non_null(mkdtemp(p->dir));
        snprintf(p->chip, sizeof p->chip, "%s", chip);
        p->user_size = "24M";
        p->boot_size = "2M";
        p->patience_ms = UINT_MAX;
        if (!unfinished)
                atexit(clean_up);
        clean_up();
        unfinished = p;
        return p;
}

void phone_set(Phone *p, const char *word)
{
        assert_true(p->n_words < PHONE_WORDS_MAX);
        snprintf(p->words[p->n_words++], sizeof p->words[0], "%s", word);
}

/* ---- programs ---- */

static pid_t start(const char *const *arguments)
{
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                execv(arguments[0], (char **)(uintptr_t)arguments);
                _exit(127);
        }
        return pid;
}

static void run(const char *const *arguments)
{
        int status;

        assert_true(waitpid(start(arguments), &status, 0) > 0);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
                fail_msg("%s failed", arguments[0]);
}

static void make(Phone *p, const char *program, const char *file, const char *const *first,
        const char *const *more)
{
        char path[128];
        const char *arguments[24] = { program, path };
        size_t n = 2;

        snprintf(path, sizeof path, "%s/%s", p->dir, file);
        for (size_t i = 0; first && first[i]; i++)
                arguments[n++] = first[i];
        for (size_t i = 0; i < 8 && more[i]; i++)
                arguments[n++] = more[i];
        run(arguments);
}

/* Its flash has no such file by itself. */
static void make_gp1(const Phone *p)
{
        char path[160];
        _cleanup_free_ uint8_t *data = malloc(p->gp1_size);
        _cleanup_close_ int fd = -1;

        assert_non_null(data);
        for (size_t i = 0; i < p->gp1_size; i++)
                data[i] = (uint8_t)(i * 7 + (i >> 9));
        snprintf(path, sizeof path, "%s/flash/gp1.img", p->dir);
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_int_equal(fd_pwrite_full(fd, data, p->gp1_size, 0), 0);
}

static void make_files(Phone *p)
{
        const char *flash[] = { "--user", p->user_size, "--boot", p->boot_size,
                p->ufs ? "--ufs" : NULL, NULL };
        const char *agent[] = { "--chip", p->chip, NULL };

        make(p, MKFLASH, "flash", flash, p->flash_words);
        if (p->gp1_size)
                make_gp1(p);
        make(p, MKAGENT, "agent", agent, p->agent_words);
        if (p->preloader_words[0])
                make(p, MKPRELOADER, "preloader", NULL, p->preloader_words);
}

/* A transport that waits no longer than a test wants to. */
typedef struct Hasty {
        Transport transport; /* first */
        Transport *inner;
        const unsigned *patience_ms;
} Hasty;

static int hasty_write(Transport *t, const struct iovec *pieces, size_t n, unsigned ms)
{
        Hasty *h = (Hasty *)t;

        return h->inner->ops->write(h->inner, pieces, n, MIN(ms, *h->patience_ms));
}

static int hasty_fill(Transport *t, unsigned ms)
{
        Hasty *h = (Hasty *)t;

        return transport_fill(h->inner, MIN(ms, *h->patience_ms));
}

static struct iovec hasty_peek(Transport *t)
{
        return transport_peek(((Hasty *)t)->inner);
}

static void hasty_consume(Transport *t, size_t size)
{
        transport_consume(((Hasty *)t)->inner, size);
}

static Transport *hasty_free(Transport *t)
{
        transport_free(((Hasty *)t)->inner);
        free(t);
        return NULL;
}

static const TransportOps hasty_ops = {
        .write = hasty_write,
        .fill = hasty_fill,
        .peek = hasty_peek,
        .consume = hasty_consume,
        .free = hasty_free,
};

static Transport *hasty_new(Transport *inner, const unsigned *patience_ms)
{
        Hasty *h = calloc(1, sizeof *h);

        assert_non_null(h);
        transport_init(&h->transport, &hasty_ops);
        h->inner = inner;
        h->patience_ms = patience_ms;
        return &h->transport;
}

static int connect_to(const Phone *p, Transport **ret)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        uint64_t deadline = deadline_after_ms(START_MS);

        snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", p->dir);
        for (;;) {
                int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
                int r;

                assert_true(fd >= 0);
                if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) {
                        r = stream_new(fd, ret);
                        if (r >= 0)
                                *ret = hasty_new(*ret, &p->patience_ms);
                        return r;
                }
                fd_close(fd);
                if (clock_usec() > deadline || kill(p->pid, 0) < 0)
                        return -ETIMEDOUT;
                usleep(2000);
        }
}

void phone_power_on(Phone *p)
{
        /* however busy the machine is, the phone waits for its host; a test may say otherwise */
        char flash[128], socket_path[128], log[128];
        const char *arguments[24 + 2 * PHONE_WORDS_MAX] = { PHONE, "--chip", p->chip, "--flash",
                flash, "--listen", socket_path, "--log", log, "--keep", "--trace", "--set",
                "window_ms=600000", "--set", "enum_ms=600000", "--set", "bite_ms=600000", "--set",
                "tokens_ms=10000" };
        size_t n = 19;

        make_files(p);
        snprintf(flash, sizeof flash, "%s/flash", p->dir);
        snprintf(socket_path, sizeof socket_path, "%s/socket", p->dir);
        snprintf(log, sizeof log, "%s/log", p->dir);
        if (!p->lenient)
                arguments[n++] = "--strict";
        for (size_t i = 0; i < p->n_words; i++) {
                arguments[n++] = "--set";
                arguments[n++] = p->words[i];
        }
        p->pid = start(arguments);
        assert_int_equal(connect_to(p, &p->transport), 0);
}

bool phone_stop(Phone *p)
{
        int status = 0;

        if (p->pid <= 0)
                return true;
        kill(p->pid, SIGTERM);
        assert_true(waitpid(p->pid, &status, 0) == p->pid);
        p->pid = 0;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool phone_ends_by_breach(Phone *p)
{
        uint64_t deadline = deadline_after_ms(START_MS);
        int status = 0;

        while (waitpid(p->pid, &status, WNOHANG) == 0) {
                if (clock_usec() > deadline)
                        return false;
                usleep(2000);
        }
        p->pid = 0;
        return WIFEXITED(status) && WEXITSTATUS(status) == BREACH_EXIT;
}

char *phone_log(const Phone *p)
{
        _cleanup_close_ int dir = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        char *text = NULL;
        size_t size;

        if (file_read_at(dir, "log", 64 * MiB, &text, &size) < 0)
                return strdup("");
        return text;
}

Phone *phone_free(Phone *p)
{
        if (!p)
                return NULL;
        da_session_free(p->session);
        transport_free(p->transport);
        da_agent_free(p->agent);
        free(p->dram_file);
        phone_stop(p);
        tree_remove_at(AT_FDCWD, p->dir);
        unfinished = unfinished == p ? NULL : unfinished;
        free(p);
        return NULL;
}

/* ---- the host ---- */

int phone_identify(Phone *p, Failure *f)
{
        int r = handshake(p->transport, HANDSHAKE_MS, f);

        if (r >= 0)
                r = boot_identify(p->transport, &p->identity, f);
        if (r < 0)
                return r;
        p->chip_row = chip_by_code(p->identity.hw_code);
        r = boot_watchdog_off(p->transport, p->chip_row, f);
        return r < 0 ? r : 0;
}

static int load_agent(Phone *p, Failure *f)
{
        char path[128];
        _cleanup_close_ int fd = -1;

        snprintf(path, sizeof path, "%s/agent", p->dir);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        return da_agent_load(fd, p->chip_row, p->identity.hw_code, p->identity.hw_ver,
                p->identity.sw_ver, &p->agent, f);
}

static void load_preloader(Phone *p)
{
        _cleanup_close_ int dir = open(p->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        size_t size;

        if (!p->preloader_words[0])
                return;
        assert_int_equal(file_read_at(dir, "preloader", MiB, (char **)&p->dram_file, &size), 0);
        assert_int_equal(dram_find(p->dram_file, size, &p->dram), 0);
}

/* The phone closes its side and accepts again when it is back. */
static int replug(void *userdata, Transport **ret, Failure *f)
{
        Phone *p = userdata;
        uint64_t deadline = deadline_after_ms(5000);
        int r;

        while (transport_fill(p->transport, 100) != -ENODEV && clock_usec() < deadline)
                ;
        transport_free(p->transport);
        p->transport = NULL;
        r = connect_to(p, &p->transport);
        *ret = p->transport;
        p->replugs++;
        return r;
}

int phone_start(Phone *p, Failure *f)
{
        DaTarget target = {
                .identity = &p->identity, .chip = p->chip_row, .replug = replug, .userdata = p
        };
        int r = load_agent(p, f);

        if (r < 0)
                return r;
        load_preloader(p);
        target.agent = p->agent;
        target.dram = p->dram_file ? &p->dram : NULL;
        r = da_session_new(p->transport, &target, &p->session, f);
        if (r >= 0)
                r = da_session_start(p->session, f);
        return r < 0 ? r : da_session_info(p->session, f);
}

void phone_ready(Phone *p)
{
        Failure f = {};

        phone_power_on(p);
        if (phone_identify(p, &f) < 0 || phone_start(p, &f) < 0) {
                _cleanup_free_ char *log = phone_log(p);

                fail_msg("%s: %s: %s\n%s", p->chip, error_to_string(f.id), f.text, log);
        }
}

/* ---- comparing ---- */

typedef struct Comparison {
        int fd;
        uint64_t at;
} Comparison;

static int compare(void *userdata, const uint8_t *data, size_t size)
{
        Comparison *c = userdata;
        uint8_t own[16384];

        for (size_t done = 0, n; done < size; done += n) {
                n = MIN(size - done, sizeof own);
                assert_int_equal(fd_pread_full(c->fd, own, n, c->at + done), 0);
                if (memcmp(own, data + done, n) != 0)
                        return -EBADMSG;
        }
        c->at += size;
        return 0;
}

static const char *file_of(const Phone *p, RegionKind kind)
{
        static const char *const emmc[_REGION_MAX] = { [REGION_BOOT1] = "boot1.img",
                [REGION_BOOT2] = "boot2.img",
                [REGION_GP1] = "gp1.img",
                [REGION_USER] = "user.img" };
        static const char *const ufs[_REGION_MAX] = {
                [REGION_BOOT1] = "lu0.img", [REGION_BOOT2] = "lu1.img", [REGION_USER] = "lu2.img"
        };

        return p->ufs ? ufs[kind] : emmc[kind];
}

int phone_compare_range(
        Phone *p, RegionKind kind, uint64_t offset, uint64_t size, uint64_t *ret_good, Failure *f)
{
        const Region *region = storage_region(&p->session->storage, kind);
        char path[160];
        _cleanup_close_ int fd = -1;
        Comparison c = { .at = offset };
        int r;

        assert_non_null(region);
        snprintf(path, sizeof path, "%s/flash/%s", p->dir, file_of(p, kind));
        c.fd = fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_true(fd >= 0);
        r = da_session_read(p->session, region, offset, size, compare, &c, f);
        if (ret_good)
                *ret_good = c.at - offset;
        return r >= 0 && c.at != offset + size ? -EBADMSG : r;
}

int phone_compare(Phone *p, RegionKind kind, Failure *f)
{
        const Region *region = storage_region(&p->session->storage, kind);

        assert_non_null(region);
        return phone_compare_range(p, kind, 0, region->size, NULL, f);
}

void phone_compare_all(Phone *p)
{
        for (size_t i = 0; i < p->session->storage.n_regions; i++) {
                const Region *region = &p->session->storage.regions[i];
                Failure f = {};

                if (!region->readable)
                        continue;
                if (phone_compare(p, region->kind, &f) < 0) {
                        _cleanup_free_ char *log = phone_log(p);

                        fail_msg("%s, %s: region %d: %s %s\n%s", p->chip, p->words[0], region->kind,
                                f.text, f.hint, log);
                }
        }
}
