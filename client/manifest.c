/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <systemd/sd-event.h>

#include "basic/fd.h"
#include "client/error.h"
#include "client/manifest.h"
#include "client/progress.h"

enum { MANIFEST_MAX = 64 * 1024 * 1024, REDRAW_USEC = 250 * 1000 };

typedef struct Transfer {
        bool ended; /* not sd_event_exit(): it would close the bus */
        int code;
        int fd;
        const char *what;
        uint64_t total;
} Transfer;

static int on_reply(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
        Transfer *t = userdata;
        const sd_bus_error *e = sd_bus_message_get_error(m);

        status_line(NULL);
        t->ended = true;
        t->code = e ? error_bus(e, -sd_bus_message_get_errno(m)) : EXIT_OK;
        return 0;
}

/* The descriptor is shared with the writer, so its position tells how far the file is. */
static int on_redraw(sd_event_source *s, uint64_t usec, void *userdata)
{
        Transfer *t = userdata;
        off_t at = lseek(t->fd, 0, SEEK_CUR);

        progress_draw(&(ProgressLine){
                .what = t->what,
                .done = at > 0 ? (uint64_t)at : 0,
                .total = t->total,
                .remaining = UINT64_MAX,
        });
        int r = sd_event_source_set_time_relative(s, REDRAW_USEC);
        return r < 0 ? r : sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

static int on_interrupt(sd_event_source *s, const struct signalfd_siginfo *si, void *userdata)
{
        Transfer *t = userdata;

        status_line(NULL);
        message("interrupted");
        t->ended = true;
        t->code = EXIT_INTERRUPTED;
        return 0;
}

static int transfer_run(sd_bus *bus, sd_bus_message *call, Transfer *t)
{
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(sd_bus_slot_unrefp) sd_bus_slot *slot = NULL;
        sigset_t set, before;

        sigemptyset(&set);
        sigaddset(&set, SIGINT);
        sigaddset(&set, SIGTERM);
        sigprocmask(SIG_BLOCK, &set, &before);
        int r = sd_event_new(&event);
        r = r < 0 ? r : sd_event_add_signal(event, NULL, SIGINT, on_interrupt, t);
        r = r < 0 ? r : sd_event_add_signal(event, NULL, SIGTERM, on_interrupt, t);
        if (r >= 0 && t->what)
                r = sd_event_add_time_relative(
                        event, NULL, CLOCK_MONOTONIC, REDRAW_USEC, 0, on_redraw, t);
        r = r < 0 ? r : sd_bus_attach_event(bus, event, 0);
        r = r < 0 ? r : sd_bus_call_async(bus, &slot, call, on_reply, t, UINT64_MAX);
        while (r >= 0 && !t->ended)
                r = sd_event_run(event, UINT64_MAX);
        sd_bus_detach_event(bus);
        sigprocmask(SIG_SETMASK, &before, NULL);
        return r < 0 ? error_bus(NULL, r) : t->code;
}

int backup_export(sd_bus *bus, const char *path, const char *part, const char *format, int fd,
        const char *what, uint64_t total)
{
        _cleanup_message_ sd_bus_message *call = NULL;

        int r = bus_method(bus, path, IFACE_BACKUP, "Export", &call);
        if (r)
                return r;
        r = sd_bus_message_append(call, "ssha{sv}", part, format, fd, 0);
        if (r < 0)
                return error_bus(NULL, r);
        return transfer_run(bus, call, &(Transfer){ .fd = fd, .what = what, .total = total });
}

/* Name of a file in the caller's folder: the service made it safe, but it is not believed. */
static bool file_name_safe(const char *name)
{
        return *name && *name != '.' && !strchr(name, '/') && strlen(name) < NAME_MAX - 16;
}

static bool manifest_usable(json_t *manifest)
{
        json_t *part, *parts = json_object_get(manifest, "parts");
        size_t i;

        if (!json_is_array(parts))
                return false;
        json_array_foreach(parts, i, part) if (!*object_text(part, "name") ||
                !*object_text(part, "region") || !file_name_safe(object_text(part, "file")) ||
                !file_name_safe(object_text(part, "region"))) return false;
        return true;
}

int manifest_get(sd_bus *bus, const char *path, json_t **ret)
{
        _cleanup_close_ int fd = memfd_create("manifest", MFD_CLOEXEC);
        _cleanup_free_ char *text = NULL;
        _cleanup_json_ json_t *manifest = NULL;
        size_t size;

        if (fd < 0)
                return error_errno(-errno, "cannot read the manifest");
        int r = backup_export(bus, path, "", "manifest", fd, NULL, 0);
        if (r)
                return r;
        if (lseek(fd, 0, SEEK_SET) < 0)
                return error_errno(-errno, "cannot read the manifest");
        r = fd_read_all(fd, MANIFEST_MAX, &text, &size);
        if (r < 0)
                return error_errno(r, "cannot read the manifest");
        manifest = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
        if (!manifest || !manifest_usable(manifest))
                return error_fail(ERROR_STORE_DAMAGED, "the manifest of the backup cannot be read");
        *ret = TAKE_PTR(manifest);
        return 0;
}

static void add_regions(Layout *l, const json_t *storage)
{
        json_t *region;
        size_t i;

        json_array_foreach(json_object_get(storage, "regions"), i, region)
        {
                StorageType type;
                RegionKind kind;

                if (region_from_name(object_text(region, "name"), &type, &kind) == 0)
                        layout_set_region(l, kind, object_number(region, "size"));
        }
}

static bool add_part(Layout *l, const json_t *part)
{
        int class = part_class_from_string(object_text(part, "class"));
        StorageType type;
        RegionKind kind;
        Partition *p;

        if (region_from_name(object_text(part, "region"), &type, &kind) < 0 || kind != REGION_USER)
                return true;
        p = layout_add(l, object_text(part, "name"));
        if (!p)
                return false;
        p->offset = p->linear_address = p->physical_address = object_number(part, "offset");
        p->size = object_number(part, "size");
        p->has_guid = *object_text(part, "unique_guid");
        if (class >= 0)
                p->class = (PartClass) class;
        return true;
}

Layout *manifest_table(const json_t *manifest)
{
        _cleanup_(layout_freep) Layout *l = layout_new();
        const json_t *storage = json_object_get(manifest, "storage"), *part;
        int type = storage_type_from_string(object_text(storage, "type"));
        size_t i;

        if (!l)
                return NULL;
        l->storage = type < 0 ? STORAGE_UNKNOWN : (StorageType)type;
        snprintf(l->chip, sizeof(l->chip), "%s",
                object_text(json_object_get(manifest, "device"), "chip"));
        add_regions(l, storage);
        json_array_foreach(
                json_object_get(manifest, "parts"), i, part) if (!add_part(l, part)) return NULL;
        return TAKE_PTR(l);
}
