/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "client/error.h"
#include "client/export-dir.h"
#include "client/export-kit.h"
#include "client/manifest.h"
#include "client/verb.h"

static const char *arg_format = "raw";
static bool arg_force, arg_userdata;

/* what the formats are called in files; NULL ends it */
static const struct {
        const char *name, *suffix;
        bool raw;     /* a file is the bytes of the flash: size and sum are those of the manifest */
        bool of_gone; /* also of partitions without data */
} formats[] = {
        { "raw", ".img", .raw = true },
        { "rom", ".img", .raw = true },
        { "simg", ".simg" },
        { "zst", ".img.zst" },
        { "map", ".map", .of_gone = true },
        { "kit" },
        {},
};
static size_t format; /* the one that was asked for */

static const Option options[] = {
        { 0, "format", "raw|rom|simg|zst|map|kit", "what is written (raw)", OPTION_STRING,
                &arg_format },
        { 0, "userdata", NULL, "with kit: the user's data as well", OPTION_FLAG, &arg_userdata },
        { 'f', "force", NULL, "replace files that exist", OPTION_FLAG, &arg_force },
        {},
};

/* What is to be written: the parts or regions that were named, or all. */
typedef struct Export {
        sd_bus *bus;
        char *path;
        json_t *manifest;
        json_t *items;   /* array of { part, file, size, sha256?, status } */
        bool incomplete; /* something that was to be in it could not be read from the phone */
} Export;

static void export_done(Export *e)
{
        json_decref(e->items);
        json_decref(e->manifest);
        free(e->path);
        sd_bus_flush_close_unref(e->bus);
}

static bool wanted(const char *name, int n, char **names)
{
        for (int i = 0; i < n; i++)
                if (strcmp(names[i], name) == 0)
                        return true;
        return n == 0;
}

static bool part_has_data(const json_t *part)
{
        const char *status = object_text(part, "status");
        return strcmp(status, "skipped") != 0 && strcmp(status, "unreadable") != 0;
}

/* What was left out on purpose is not missed. */
static bool was_lost(const json_t *part)
{
        return strcmp(object_text(part, "status"), "unreadable") == 0;
}

static int items_add(Export *e, const char *part, const char *file, uint64_t size, const char *sha,
        const char *status)
{
        return json_array_append_new(e->items,
                json_pack("{s:s, s:s, s:I, s:s*, s:s}", "part", part, "file", file, "size",
                        (json_int_t)size, "sha256", *sha ? sha : NULL, "status", status));
}

static int items_of_parts(Export *e, int n, char **names)
{
        json_t *part;
        size_t i;

        json_array_foreach(json_object_get(e->manifest, "parts"), i, part)
        {
                const char *name = object_text(part, "name"), *file = object_text(part, "file");
                if (!wanted(name, n, names) && !wanted(file, n, names))
                        continue;
                if (!part_has_data(part) && !formats[format].of_gone) {
                        e->incomplete |= was_lost(part);
                        message("%s was not saved (%s)", name, object_text(part, "status"));
                        continue;
                }
                items_add(e, file, file, object_number(part, "size"), object_text(part, "sha256"),
                        object_text(part, "status"));
        }
        return 0;
}

/* A region is a file only when all of it was saved. */
static int items_of_regions(Export *e, int n, char **names)
{
        json_t *region, *part;
        size_t i, k;

        json_array_foreach(
                json_object_get(json_object_get(e->manifest, "storage"), "regions"), i, region)
        {
                const char *name = object_text(region, "name"), *status = "ok";
                bool lost = false;
                if (!*name || strchr(name, '/') || !wanted(name, n, names))
                        continue;
                bool whole = strcmp(object_text(region, "coverage"), "all") == 0;
                json_array_foreach(json_object_get(e->manifest, "parts"), k, part)
                {
                        if (strcmp(object_text(part, "region"), name) != 0)
                                continue;
                        whole = whole && part_has_data(part);
                        lost = lost || was_lost(part);
                        if (strcmp(object_text(part, "status"), "ok") != 0)
                                status = object_text(part, "status");
                }
                if (whole)
                        items_add(e, name, name, object_number(region, "size"), "", status);
                else
                        message("%s was not saved as a whole", name);
                e->incomplete |= lost;
        }
        return 0;
}

/* A name that nothing was found for is a mistake of the caller. */
static int items_check(const Export *e, int n, char **names)
{
        json_t *item, *part;
        size_t k;

        for (int i = 0; i < n; i++) {
                bool found = false;
                json_array_foreach(e->items, k, item) found =
                        found || strcmp(object_text(item, "part"), names[i]) == 0;
                json_array_foreach(json_object_get(e->manifest, "parts"), k, part) found = found ||
                        (strcmp(object_text(part, "name"), names[i]) == 0 && part_has_data(part));
                if (!found)
                        return error_fail(ERROR_NO_SUCH_BACKUP,
                                "there is nothing saved as “%s” in this backup", names[i]);
        }
        if (json_array_size(e->items) == 0)
                return error_fail(ERROR_NO_SUCH_BACKUP, "nothing in this backup can be exported");
        return 0;
}

/* Says that a file is not what the flash held. */
static void warn_of(Export *e, const json_t *item)
{
        const char *status = object_text(item, "status");

        if (strcmp(status, "ok") == 0)
                return;
        message("%s: %s, read the manifest before you use it", object_text(item, "file"), status);
        e->incomplete = true;
}

static int export_result(const Export *e)
{
        return e->incomplete ? EXIT_INCOMPLETE : EXIT_OK;
}

static int export_to_stdout(Export *e)
{
        if (json_array_size(e->items) != 1)
                return error_usage("“-” takes one partition or region");
        if (isatty(STDOUT_FILENO))
                return error_usage("this is no text: send it to a file or a program");
        const json_t *item = json_array_get(e->items, 0);
        int r = backup_export(
                e->bus, e->path, object_text(item, "part"), arg_format, STDOUT_FILENO, NULL, 0);
        if (r)
                return r;
        warn_of(e, item);
        return export_result(e);
}

static int export_item(Export *e, ExportDir *dir, json_t *item, size_t i)
{
        _cleanup_close_ int fd = -1;
        const char *file = object_text(item, "file");
        uint64_t size = object_number(item, "size");
        bool raw = formats[format].raw;
        char what[160], name[NAME_MAX + 1];

        if ((size_t)snprintf(name, sizeof(name), "%s%s", file, formats[format].suffix) >=
                sizeof(name))
                return error_file(-ENAMETOOLONG, file);

        int r = export_dir_create(dir, name, &fd);
        if (r)
                return r;
        snprintf(what, sizeof(what), "%s (%zu of %zu)", file, i + 1, json_array_size(e->items));
        r = backup_export(e->bus, e->path, object_text(item, "part"), arg_format, fd, what, size);
        if (!r)
                r = export_dir_finish(dir, name, fd, raw ? size : EXPORT_ANY_SIZE,
                        raw ? object_text(item, "sha256") : "");
        if (r) {
                export_dir_abandon(dir, name);
                return r;
        }
        if (arg_json)
                out_event("file",
                        json_pack("{s:s, s:s, s:I}", "part", object_text(item, "part"), "file",
                                file, "size", (json_int_t)size));
        else if (!stderr_is_terminal())
                message("%s", what);
        return 0;
}

static int export_to_dir(Export *e, const char *path)
{
        _cleanup_(export_dir_freep) ExportDir *dir = NULL;
        json_t *item;
        size_t i;
        char total[FORMAT_MAX];
        uint64_t bytes = 0;

        int r = export_dir_open(path, arg_force, &dir);
        if (r)
                return r;
        json_array_foreach(e->items, i, item)
        {
                char name[NAME_MAX + 1];
                snprintf(name, sizeof(name), "%s%s", object_text(item, "file"),
                        formats[format].suffix);
                r = export_dir_check(dir, name);
                if (r)
                        return r;
        }
        json_array_foreach(e->items, i, item)
        {
                r = export_item(e, dir, item, i);
                if (r)
                        return r;
                bytes += object_number(item, "size");
                warn_of(e, item);
        }
        r = export_dir_sums(dir);
        if (r)
                return r;
        message("%zu file%s, %s, in %s", json_array_size(e->items),
                json_array_size(e->items) == 1 ? "" : "s", format_size(bytes, total), path);
        return export_result(e);
}

static int run(int argc, char **argv)
{
        _cleanup_(export_done) Export e = {};
        _cleanup_free_ char *id = NULL;
        bool rom = strcmp(arg_format, "rom") == 0, kit = strcmp(arg_format, "kit") == 0;

        while (formats[format].name && strcmp(formats[format].name, arg_format) != 0)
                format++;
        if (!formats[format].name)
                return error_usage(
                        "there is no format “%s”; there are raw, rom, simg, zst, map and kit",
                        arg_format);
        if (kit && (argc > 2 || strcmp(argv[1], "-") == 0))
                return error_usage("a kit is of the whole backup and goes to a folder");
        if (arg_userdata && !kit)
                return error_usage("--userdata belongs to --format kit");
        int r = bus_open_asking(&e.bus);
        if (r)
                return r;
        r = backup_resolve(e.bus, argv[0], &id);
        if (r)
                return r;
        e.path = bus_backup_path(id);
        e.items = json_array();
        if (!e.path || !e.items)
                return error_errno(-ENOMEM, "cannot export");
        r = manifest_get(e.bus, e.path, &e.manifest);
        if (r)
                return r;
        if (kit)
                return export_kit(e.bus, e.path, e.manifest, argv[1], arg_force, arg_userdata);
        if (rom)
                items_of_regions(&e, argc - 2, argv + 1);
        else
                items_of_parts(&e, argc - 2, argv + 1);
        r = items_check(&e, argc - 2, argv + 1);
        if (r)
                return r;
        const char *where = argv[argc - 1];
        return strcmp(where, "-") == 0 ? export_to_stdout(&e) : export_to_dir(&e, where);
}

const Verb verb_export = {
        .name = "export",
        .group = GROUP_BACKUPS,
        .synopsis = "[OPTION…] BACKUP [PART…] DIR|-",
        .summary = "write a backup as image files, checked on the way",
        .help = "Writes a file for each PART, or for everything that was saved, into DIR with "
                "SHA256SUMS. A file appears\nunder its name only when all of it is there. “-” "
                "writes one to standard output. Formats:\n"
                "raw    partition.img, the bytes of the flash\n"
                "rom    REGION.img, a whole area\n"
                "simg   partition.simg, Android sparse with a checksum, for fastboot and flash "
                "tools\n"
                "zst    partition.img.zst, compressed; zstd -d reads it, with a table for random "
                "access\n"
                "map    partition.map, what was read and what was not, for ddrescue\n"
                "kit    a folder for SP Flash Tool: scatter, images, preloader, Checksum.ini, "
                "README.txt",
        .options = options,
        .min_args = 2,
        .max_args = -1,
        .needs_bus = true,
        .run = run,
};
