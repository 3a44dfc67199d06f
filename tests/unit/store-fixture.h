/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* A store in a folder of its own, a small made-up phone, and a way to back it up without any
 * process around: for the tests of lib/store. */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fd.h"
#include "store/session.h"

static char fixture_path[64];
static int fixture_dir = -1;
static Store *fixture_store;
static Failure fixture_failure;

_unused_ static int fixture_setup(void **state)
{
        fixture_failure = (Failure){};
        snprintf(fixture_path, sizeof fixture_path, "/tmp/test-store.XXXXXX");
        if (!mkdtemp(fixture_path))
                return -1;
        fixture_dir = open(fixture_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (store_make(fixture_dir, "00112233-4455-4677-8899-aabbccddeeff", 1795184223,
                    &fixture_failure) < 0)
                return -1;
        return store_open(fixture_dir, &fixture_store, &fixture_failure);
}

_unused_ static int fixture_teardown(void **state)
{
        fixture_store = store_free(fixture_store);
        fixture_dir = fd_close(fixture_dir);
        return tree_remove_at(AT_FDCWD, fixture_path);
}

#define fixture_test(f) cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)

static const char fixture_key[] = "mt6765-0123456789ab";
static const char fixture_id[] = "20261120T141703Z-0badc0de";

/* USER of 4 MiB + 512: nvram (identity) 64 KiB, boot 2 MiB, userdata to the end; gaps between. */
enum { FIXTURE_USER = 4 * 1024 * 1024 + 512 };

/* what the phone holds at an offset of USER; zeros behind the first 3 MiB */
static uint8_t fixture_byte(uint64_t at)
{
        return at < 3 * MiB ? (uint8_t)((at * at >> 11 ^ at >> 3) + (at >> 20)) : 0;
}

_unused_ static Layout *fixture_layout(void)
{
        static const struct {
                const char *name;
                uint64_t offset, size;
        } parts[] = {
                { "nvram", 32 * 1024, 64 * 1024 },
                { "boot", 1024 * 1024, 2 * 1024 * 1024 },
                { "userdata", 3 * 1024 * 1024, FIXTURE_USER - 3 * 1024 * 1024 },
        };
        Layout *l = layout_new();

        assert_non_null(l);
        l->storage = STORAGE_EMMC;
        l->block_size = 512;
        layout_set_region(l, REGION_USER, FIXTURE_USER)->readable = true;
        for (size_t i = 0; i < ELEMENTS(parts); i++) {
                Partition *p = layout_add(l, parts[i].name);

                p->offset = parts[i].offset;
                p->size = parts[i].size;
        }
        return l;
}

_unused_ static Plan *fixture_plan(const PlanRequest *request)
{
        _cleanup_(layout_freep) Layout *l = fixture_layout();
        Plan *p = NULL;

        assert_int_equal(plan_new(l, request, &p, &fixture_failure), 0);
        return p;
}

_unused_ static Manifest *fixture_head(const char *id, uint64_t seq, BackupKind kind)
{
        Manifest *m = manifest_new();

        assert_non_null(m);
        snprintf(m->id, sizeof m->id, "%s", id);
        snprintf(m->device.key, sizeof m->device.key, "%s", fixture_key);
        snprintf(m->device.chip, sizeof m->device.chip, "MT6765");
        snprintf(m->store_id, sizeof m->store_id, "%s", fixture_store->id);
        snprintf(m->profile, sizeof m->profile, "full");
        m->device.storage = STORAGE_EMMC;
        m->kind = kind;
        m->seq = seq;
        m->start = 1795184223;
        return m;
}

_unused_ static void fixture_read(Session *s, const Plan *p, size_t part, unsigned pass)
{
        const Partition *partition = p->parts[part].partition;
        uint8_t *buffer;

        for (uint64_t at = 0; at < partition->size; at += CHUNK_SIZE) {
                assert_int_equal(session_buffer(s, &buffer, &fixture_failure), 0);
                for (uint64_t i = 0; i < MIN(partition->size - at, (uint64_t)CHUNK_SIZE); i++)
                        buffer[i] = fixture_byte(partition->offset + at + i);
                assert_int_equal(session_push(s, part, pass, at / CHUNK_SIZE, &fixture_failure), 0);
        }
}

/* Everything that a backup of the fixture's phone takes. */
_unused_ static void fixture_backup(const char *id, uint64_t seq, BackupKind kind)
{
        const PlanRequest request = { .kind = kind };
        _cleanup_(plan_freep) Plan *p = fixture_plan(&request);
        _cleanup_(manifest_freep) Manifest *head = fixture_head(id, seq, kind);
        _cleanup_(session_freep) Session *s = NULL;
        SessionSetup setup = { .store = fixture_store, .plan = p, .head = head, .boot_id = "boot" };
        const Manifest *m;

        assert_int_equal(session_begin(&setup, &s, &fixture_failure), 0);
        for (unsigned pass = 0; pass < 2; pass++)
                for (size_t i = 0; i < p->n_critical; i++)
                        fixture_read(s, p, p->order[i], pass);
        assert_int_equal(session_settle(s, &fixture_failure), 0);
        for (size_t i = p->n_critical; i < p->n_order; i++)
                fixture_read(s, p, p->order[i], 0);
        assert_int_equal(session_commit(s, 1795184300, &m, &fixture_failure), 0);
}

/* A file anywhere in the store, to be damaged. */
_unused_ static void fixture_flip(const char *path, off_t at)
{
        _cleanup_close_ int fd = -1;
        uint8_t byte;

        assert_int_equal(fchmodat(fixture_dir, path, 0600, 0), 0);
        fd = openat(fixture_dir, path, O_RDWR | O_CLOEXEC);
        assert_true(fd >= 0);
        if (at < 0)
                at += lseek(fd, 0, SEEK_END);
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte ^= 1;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
}
