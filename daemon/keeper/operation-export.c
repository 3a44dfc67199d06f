/* SPDX-License-Identifier: GPL-3.0-or-later */

/* "export": one partition in one of several forms, one region or the manifest of a backup into a
 * descriptor. */

#include "daemon/keeper/export.h"

#include <errno.h>
#include <string.h>

#include "basic/fd.h"
#include "wire/verbs.h"

int export_advance(void *userdata, uint64_t bytes)
{
        Export *e = userdata;

        e->done += bytes;
        control_bytes(e->operation->control, e->done, e->total, e->done, false);
        return control_stopped(e->operation->control) ? -ECANCELED : 0;
}

static int not_stored(Export *e, const ManifestPart *part)
{
        failure_set(&e->operation->failure, -ENODATA, ERROR_INVALID_OPTION,
                "%s is not in backup %s: it %s.", part->file, e->backup->id,
                part->status == PART_SKIPPED ? "was left out" : "could not be read");
        return -ENODATA;
}

int export_open(Export *e, const ManifestPart *part, Image **ret)
{
        if (!part_status_stored(part->status))
                return not_stored(e, part);
        e->errors |= part->status != PART_OK;
        return image_open(e->store, e->backup->dir, e->backup->id, part, e->codec, CHUNK_CACHED,
                ret, &e->operation->failure);
}

static int export_part(Export *e, const ManifestPart *part)
{
        _cleanup_(image_freep) Image *image = NULL;
        int r = export_open(e, part, &image);

        return r < 0 ? r : copy_image(image, &e->target, part->size, &e->operation->failure);
}

static int no_such_part(Export *e, const char *name, const char *what)
{
        failure_set(&e->operation->failure, -ENOENT, ERROR_INVALID_OPTION,
                "Backup %s has no %s \"%.80s\", or more than one.", e->backup->id, what, name);
        failure_hint(&e->operation->failure, "\"mtkbackupctl show %s\" lists what it has.",
                e->backup->id);
        return -ENOENT;
}

const ManifestPart *export_find(Export *e, const char *name)
{
        const ManifestPart *part = manifest_find(e->backup->manifest, name);

        if (!part)
                no_such_part(e, name, "partition");
        return part;
}

/* raw: one partition */
static int export_raw(Export *e, const char *name)
{
        const ManifestPart *part = export_find(e, name);

        if (!part)
                return -ENOENT;
        e->total = part->size;
        return export_part(e, part);
}

/* rom: a region, the concatenation of its parts */
static int export_rom(Export *e, const char *name)
{
        const Manifest *m = e->backup->manifest;
        const ManifestRegion *region = NULL;
        uint64_t base = e->target.base;
        int r = 0;

        for (size_t i = 0; i < m->n_regions; i++)
                if (strcmp(m->regions[i].name, name) == 0)
                        region = m->regions + i;
        if (!region)
                return no_such_part(e, name, "region");
        for (size_t i = 0; i < m->n_parts; i++)
                if (strcmp(m->parts[i].region, name) == 0 &&
                        !part_status_stored(m->parts[i].status))
                        return not_stored(e, m->parts + i);
        if (!manifest_region_tiled(m, region))
                return failure_set(&e->operation->failure, -ENODATA, ERROR_INVALID_OPTION,
                        "Backup %s does not hold the whole of %s.", e->backup->id, name);
        e->total = region->size;
        for (size_t i = 0; i < m->n_parts && r == 0; i++) {
                if (strcmp(m->parts[i].region, name) != 0)
                        continue;
                e->target.base = base + m->parts[i].offset;
                r = export_part(e, m->parts + i);
        }
        return r;
}

/* the text of manifest.json */
static int export_manifest(Export *e, const char *name)
{
        Failure *f = &e->operation->failure;
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        r = file_read_at(e->backup->dir, "manifest.json", MANIFEST_SIZE_MAX, &text, &size);
        if (r < 0)
                return store_fail(f, r, "reading manifest.json of backup %s", e->backup->id);
        e->total = size;
        return copy_bytes(&e->target, text, size, f);
}

int operation_export(Operation *o)
{
        static const struct {
                const char *name;
                int (*run)(Export *e, const char *name);
        } formats[] = { { "raw", export_raw }, { "rom", export_rom }, { "simg", export_simg },
                { "zst", export_zst }, { "map", export_map }, { "manifest", export_manifest } };
        const char *format = message_text(o->run, "FORMAT");
        _cleanup_(chunk_codec_freep) ChunkCodec *codec = NULL;
        _cleanup_close_ int fd = message_take_fd(o->run, 0);
        _cleanup_(backup_freep) Backup *b = NULL;
        _cleanup_(store_freep) Store *s = NULL;
        Export e = { .operation = o };
        size_t i = 0;
        int r;

        while (i < ELEMENTS(formats) && strcmp(formats[i].name, format[0] ? format : "raw") != 0)
                i++;
        if (i == ELEMENTS(formats))
                return failure_set(&o->failure, -EINVAL, ERROR_INVALID_OPTION,
                        "There is no export format \"%.40s\".", format);
        r = store_open(o->dir, &s, &o->failure);
        if (r == 0)
                r = backup_open(s, message_text(o->run, "BACKUP"), &b, &o->failure);
        if (r == 0)
                r = backup_read(b, s, &o->failure);
        if (r < 0)
                return r;
        r = fd < 0 ? -EBADF : copy_target(fd, &e.target);
        if (r < 0)
                return failure_set(&o->failure, r, ERROR_INVALID_OPTION,
                        "The output cannot be written to: %s.", strerrordesc_np(-r));
        r = chunk_codec_new(0, &codec);
        if (r < 0)
                return store_fail(&o->failure, r, "exporting");
        e.store = s;
        e.backup = b;
        e.codec = codec;
        e.target.progress = export_advance;
        e.target.userdata = &e;
        r = formats[i].run(&e, message_text(o->run, "PART"));
        if (r < 0)
                return r;
        control_bytes(o->control, e.total, e.total, e.total, true);
        message_add(&o->done, "RESULT", e.errors ? "complete-with-errors" : "done");
        message_add(&o->done, "BACKUP", b->id);
        return 0;
}
