/* SPDX-License-Identifier: GPL-3.0-or-later */

/* "agent": checks the file of a download agent, or a preloader with the memory settings that an agent
 * in boot ROM mode wants, and, when it is being imported, copies it.
 *
 * The file is somebody else's and may change while it is looked at, so it is read once and the same
 * bytes are checked, summed and written. */

#include "daemon/keeper/operation.h"

#include <errno.h>
#include <string.h>

#include "basic/digest.h"
#include "basic/fd.h"
#include "basic/log.h"
#include "format/preloader.h"
#include "protocol/da-container.h"
#include "store/store.h"
#include "wire/verbs.h"

static int read_file(Operation *o, int fd, char **ret, size_t *ret_size)
{
        int r = fd < 0 ? -EBADF : fd_read_all(fd, DA_FILE_MAX, ret, ret_size);

        if (r == -EFBIG)
                return failure_set(&o->failure, r, ERROR_INVALID_FILE,
                        "The file is longer than any download agent (%d MiB).",
                        DA_FILE_MAX / (1024 * 1024));
        if (r < 0)
                return failure_set(&o->failure, r, ERROR_INVALID_FILE,
                        "The file cannot be read: %s.", strerrordesc_np(-r));
        return 0;
}

static int write_copy(Operation *o, int fd, const char *data, size_t size)
{
        int r = fd_pwrite_full(fd, data, size, 0);

        if (r == 0 && fsync(fd) < 0)
                r = -errno;
        return r < 0 ? store_fail(&o->failure, r, "copying the download agent") : 0;
}

static void tell_entry(Operation *o, const DaContainer *c, const DaEntry *e)
{
        int family = da_entry_family(c, e);
        Message m;

        if (!e->usable) {
                control_log(o->control, LOG_WARNING,
                        "The entry for chip 0x%04x of the download agent cannot be used: %s.",
                        e->hw_code, e->problem);
                return;
        }
        message_start(&m, VERB_ENTRY);
        message_addf(&m, "HW_CODE", "0x%04x", e->hw_code);
        message_addf(&m, "HW_SUB", "0x%04x", e->hw_sub);
        message_addf(&m, "HW_VER", "0x%04x", e->hw_ver);
        message_addf(&m, "SW_VER", "0x%04x", e->sw_ver);
        message_add(&m, "PROTOCOL", family < 0 ? "" : da_family_to_string((DaFamily)family));
        message_add(&m, "DESCRIPTION", c->description);
        message_add_u64(&m, "STAGES", e->stage2.size > 0 ? 2 : 1);
        message_add(&m, "TEXT", e->problem);
        control_send(o->control, &m);
}

/* A preloader file, the boot area it lies in, or its memory settings alone: what a phone in boot ROM
 * mode needs beside an agent. True when it was one and has been told. */
static bool tell_preloader(Operation *o, const char *data, size_t size)
{
        static const char magic[] = "MTK_BLOADER_INFO_v";
        MemorySource memory;
        Preloader p = { 0 };
        Message m;

        if (size > strlen(magic) + 2 && memcmp(data, magic, strlen(magic)) == 0)
                snprintf(p.emi_version, sizeof p.emi_version, "%.2s", data + strlen(magic));
        else if (preloader_read(memory_source_init(&memory, data, size), &p) < 0 || !p.has_file ||
                p.emi_length == 0)
                return false;
        message_start(&m, VERB_ENTRY);
        message_add(&m, "HW_CODE", "0");
        message_add(&m, "PROTOCOL", "preloader");
        message_addf(&m, "DESCRIPTION", "preloader, memory settings v%s%s%s", p.emi_version,
                p.build[0] ? ", built " : "", p.build);
        message_add(&m, "TEXT",
                p.health == PRELOADER_DAMAGED ? "the hash in the file differs from its content"
                                              : "");
        control_send(o->control, &m);
        return true;
}

static int tell_container(Operation *o, const char *data, size_t size)
{
        _cleanup_(da_container_freep) DaContainer *c = NULL;
        int r = da_container_parse(data, MIN(size, (size_t)DA_HEAD_MAX), size, &c, &o->failure);

        if (r < 0)
                return r;
        if (c->warning[0])
                control_log(o->control, LOG_WARNING, "%s", c->warning);
        for (size_t i = 0; i < c->n_entries; i++)
                tell_entry(o, c, c->entries + i);
        return 0;
}

int operation_agent(Operation *o)
{
        _cleanup_close_ int in = message_take_fd(o->run, 0), out = message_take_fd(o->run, 1);
        _cleanup_free_ char *data = NULL;
        uint8_t sha256[SHA256_SIZE];
        size_t size;
        int r;

        r = read_file(o, in, &data, &size);
        if (r == 0 && !tell_preloader(o, data, size))
                r = tell_container(o, data, size);
        if (r < 0)
                return r;
        r = out < 0 ? 0 : write_copy(o, out, data, size);
        if (r < 0)
                return r;
        digest_of(DIGEST_SHA256, data, size, sha256);
        message_add(&o->done, "RESULT", "done");
        message_add_hex(&o->done, "SHA256", sha256, sizeof sha256);
        message_add_u64(&o->done, "SIZE", size);
        return 0;
}
