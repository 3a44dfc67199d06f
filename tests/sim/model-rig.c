/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model-rig.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "basic/fd.h"
#include "chips.h"
#include "gen-agent.h"
#include "gen-flash.h"

enum { TICK_US = 1000, IN_MAX = 4 * 1024 * 1024, PATIENCE_MS = 3000 };

char rig_top[] = "/tmp/test-model.XXXXXX";

int rig_set_up(void **state)
{
        FlashSpec s;
        char dir[100];
        if (!mkdtemp(rig_top))
                return -1;
        flash_spec_init(&s);
        s.user_size = 32 * MiB;
        snprintf(dir, sizeof(dir), "%s/emmc", rig_top);
        if (flash_make(dir, &s) < 0)
                return -1;
        s.ufs = true;
        snprintf(dir, sizeof(dir), "%s/ufs", rig_top);
        return flash_make(dir, &s);
}

int rig_tear_down(void **state)
{
        return tree_remove_at(AT_FDCWD, rig_top);
}

Rig *rig_new(const char *chip, const char *const *words)
{
        Rig *r = calloc(1, sizeof(*r));
        r->in = malloc(IN_MAX);
        r->now = 1000000;
        r->collects = true;
        assert_int_equal(config_init(&r->config, chip), 0);
        snprintf(r->config.flash, sizeof(r->config.flash), "%s/%s", rig_top,
                r->config.chip->ufs ? "ufs" : "emmc");
        snprintf(r->config.log, sizeof(r->config.log), "%s/log", rig_top);
        for (; words && *words; words++)
                assert_int_equal(config_set(&r->config, *words), 0);
        AgentSpec agent = { .codes = { r->config.chip->da_code }, .n_codes = 1, .seed = 1 };
        size_t size;
        assert_int_equal(agent_make(&agent, &r->agent, &size), 0);
        unlink(r->config.log);
        assert_int_equal(model_new(&r->config, &r->model), 0);
        model_run(r->model, r->now);
        return r;
}

void rig_free(Rig *r)
{
        model_free(r->model);
        free(r->agent);
        free(r->in);
        free(r);
}

void rig_collect(Rig *r)
{
        for (;;) {
                bool end;
                ssize_t n = model_in(r->model, r->in + r->n_in, IN_MAX - r->n_in, &end);
                if (n == -EAGAIN)
                        return;
                if (n < 0) {
                        r->error = (int)n;
                        if (n == -EPIPE || n == -ENODEV)
                                return;
                        continue;
                }
                size_t max = model_usb(r->model)->max_packet;
                r->packets += n ? ((size_t)n + max - 1) / max : 1;
                r->zlps += !n;
                r->n_in += (size_t)n;
        }
}

void rig_run(Rig *r, uint64_t ms)
{
        for (uint64_t i = 0; i < ms; i++) {
                r->now += TICK_US;
                model_run(r->model, r->now);
                if (r->collects)
                        rig_collect(r);
        }
}

void rig_control(Rig *r, unsigned request)
{
        uint8_t setup[8] = { (uint8_t)(request >> 8), (uint8_t)request }, data[7] = {};
        uint64_t when;
        setup[6] = request == 0x2120 ? 7 : 0;
        setup[2] = request == 0x0009;
        assert_true(model_control(r->model, setup, data, sizeof(data), &when) >= 0);
}

void rig_plug(Rig *r)
{
        model_power_on(r->model);
        rig_control(r, 0x0009);
}

bool rig_try_out(Rig *r, const void *data, size_t size)
{
        size_t pos = 0;
        for (int ms = 0; ms < PATIENCE_MS; ms++) {
                size_t taken;
                int k = model_out(r->model, (const uint8_t *)data + pos, size - pos, &taken);
                pos += taken;
                if (k < 0 && k != -EAGAIN)
                        return false;
                if (!k && pos == size) {
                        if (r->collects)
                                rig_collect(r);
                        return true;
                }
                rig_run(r, 1);
        }
        return false;
}

void rig_out(Rig *r, const void *data, size_t size)
{
        assert_true(rig_try_out(r, data, size));
}

bool rig_have(Rig *r, size_t n)
{
        rig_collect(r);
        for (int ms = 0; ms < PATIENCE_MS && r->n_in < n && model_attached(r->model); ms++)
                rig_run(r, 1);
        return r->n_in >= n;
}

void rig_drop(Rig *r, size_t n)
{
        memmove(r->in, r->in + n, r->n_in - n);
        r->n_in -= n;
}

void rig_expect(Rig *r, const void *data, size_t size)
{
        assert_true(rig_have(r, size));
        assert_memory_equal(r->in, data, size);
        rig_drop(r, size);
}

void rig_expect_silence(Rig *r, uint64_t ms)
{
        rig_run(r, ms);
        assert_int_equal(r->n_in, 0);
}

bool rig_logged(Rig *r, const char *text)
{
        _cleanup_close_ int fd = open(r->config.log, O_RDONLY | O_CLOEXEC);
        _cleanup_free_ char *all = NULL;
        size_t size;
        return fd >= 0 && fd_read_all(fd, 1 << 20, &all, &size) == 0 && strstr(all, text);
}

/* ---- a well-behaved host ---- */

void rig_handshake(Rig *r)
{
        rig_plug(r);
        rig_control(r, 0x2120);
        OUT(r, 0xa0);
        rig_run(r, 50);
        r->n_in = 0;
        OUT(r, 0xa0);
        EXPECT(r, 0x5f);
        OUT(r, 0x0a);
        EXPECT(r, 0xf5);
        OUT(r, 0x50);
        EXPECT(r, 0xaf);
        OUT(r, 0x05);
        EXPECT(r, 0xfa);
}

void rig_send_agent(Rig *r, const uint8_t *stage1, size_t size)
{
        uint8_t n[4];
        OUT(r, 0xd7);
        EXPECT(r, 0xd7);
        OUT(r, 0, 0x20, 0, 0);
        EXPECT(r, 0, 0x20, 0, 0);
        put_be32(n, (uint32_t)size);
        rig_out(r, n, 4);
        rig_expect(r, n, 4);
        OUT(r, 0, 0, 1, 0);
        EXPECT(r, 0, 0, 1, 0, 0, 0);
        rig_out(r, stage1, size);
}

void rig_jump(Rig *r)
{
        OUT(r, 0xd5);
        EXPECT(r, 0xd5);
        OUT(r, 0, 0x20, 0, 0);
        EXPECT(r, 0, 0x20, 0, 0, 0, 0);
}

void rig_frame(Rig *r, const void *data, size_t size)
{
        uint8_t h[12] = { 0xef, 0xee, 0xee, 0xfe, 1 };
        put_le32(h + 8, (uint32_t)size);
        rig_out(r, h, sizeof(h));
        rig_out(r, data, size);
}

void rig_word(Rig *r, uint32_t v)
{
        uint8_t d[4];
        put_le32(d, v);
        rig_frame(r, d, 4);
}

uint32_t rig_get_frame(Rig *r, uint8_t *data, size_t room)
{
        assert_true(rig_have(r, 12));
        assert_int_equal(get_le32(r->in), 0xfeeeeeef);
        uint32_t n = get_le32(r->in + 8);
        rig_drop(r, 12);
        assert_true(n <= room && rig_have(r, n));
        memcpy(data, r->in, n);
        rig_drop(r, n);
        return n;
}

uint32_t rig_status(Rig *r)
{
        uint8_t d[4];
        assert_int_equal(rig_get_frame(r, d, 4), 4);
        return get_le32(d);
}

uint8_t *rig_region(Rig *r, size_t i, size_t *ret_size)
{
        const uint8_t *e = r->agent + 0x6c + 0x14 + 20 * i;
        *ret_size = get_le32(e + 4);
        return r->agent + get_le32(e);
}

void rig_load_stage1(Rig *r, Rig *of)
{
        size_t size;
        const uint8_t *stage1 = rig_region(of, 1, &size);
        rig_handshake(r);
        rig_send_agent(r, stage1, size);
        assert_true(rig_have(r, 4));
        assert_int_equal(get_be16(r->in + 2), 0);
        rig_drop(r, 4);
}

void rig_configure(Rig *r, uint32_t host_os)
{
        uint8_t env[20] = { 3, 0, 0, 0, 1 };
        rig_frame(r, "SYNC", 4);
        rig_word(r, 0x10100);
        put_le32(env + 8, host_os);
        rig_frame(r, env, sizeof(env));
        assert_int_equal(rig_status(r), 0);
        rig_word(r, 0x10101);
        rig_word(r, 0);
        assert_int_equal(rig_status(r), 0);
}

void rig_start_stage1(Rig *r, uint32_t host_os)
{
        rig_load_stage1(r, r);
        rig_jump(r);
        EXPECT(r, 0xc0);
        rig_configure(r, host_os);
        assert_int_equal(rig_status(r), 0x434e5953);
}

void rig_start_stage2(Rig *r)
{
        uint8_t where[16] = {};
        size_t size;
        const uint8_t *stage2 = rig_region(r, 2, &size);
        rig_word(r, 0x10008);
        assert_int_equal(rig_status(r), 0);
        put_le32(where, 0x40000000);
        put_le64(where + 8, size - 0x100);
        rig_frame(r, where, sizeof(where));
        rig_frame(r, stage2, size - 0x100);
}

void rig_start_agent(Rig *r)
{
        rig_start_stage1(r, 0);
        rig_start_stage2(r);
        assert_int_equal(rig_status(r), 0);
        assert_int_equal(rig_status(r), 0x434e5953);
}

uint32_t rig_read_begin(Rig *r, uint32_t section, uint64_t address, uint64_t size)
{
        uint8_t block[56] = { r->config.chip->ufs ? 0x30 : 1 };
        put_le32(block + 4, section);
        put_le64(block + 8, address);
        put_le64(block + 16, size);
        rig_word(r, 0x10005);
        assert_int_equal(rig_status(r), 0);
        rig_frame(r, block, sizeof(block));
        return rig_status(r);
}

void rig_read_compare(Rig *r, uint32_t section, const char *file, uint64_t address, uint64_t size)
{
        char path[600];
        uint8_t *want = malloc(2 * MiB), *got = malloc(2 * MiB);
        snprintf(path, sizeof(path), "%s/%s", r->config.flash, file);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_int_equal(rig_read_begin(r, section, address, size), 0);
        while (size) {
                assert_int_equal(rig_status(r), 0);
                uint32_t n = rig_get_frame(r, got, 2 * MiB);
                assert_true(n && n <= size);
                assert_int_equal(fd_pread_full(fd, want, n, address), 0);
                assert_memory_equal(got, want, n);
                rig_word(r, 0);
                address += n;
                size -= n;
        }
        assert_int_equal(rig_status(r), 0);
        free(want);
        free(got);
}
