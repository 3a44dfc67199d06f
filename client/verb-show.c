/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "client/details.h"
#include "client/error.h"
#include "client/manifest.h"
#include "client/verb.h"

static const Column rows[] = {
        { "Backup", "id" },
        { "Name", "name" },
        { "Phone", "device_key" },
        { "Chip", "chip" },
        { "Kind", "kind" },
        { "Result", "result" },
        { "Profile", "profile" },
        { "Started", "started_at", COLUMN_TIME },
        { "Finished", "finished_at", COLUMN_TIME },
        { "Size", "size", COLUMN_SIZE },
        { "New data", "new_bytes", COLUMN_SIZE },
        { "On disk", "stored_bytes", COLUMN_SIZE },
        { "Verified", "verified" },
        { "Checked at", "verified_at", COLUMN_TIME },
        {},
};

static const Column part_columns[] = {
        { "PARTITION", "name" },
        { "REGION", "region" },
        { "OFFSET", "offset", COLUMN_HEX },
        { "SIZE", "size", COLUMN_SIZE },
        { "CLASS", "class" },
        { "STATUS", "status" },
        { "SHA-256", "sha256", .shrink = true },
        {},
};

static const Column check_columns[] = {
        { "CHECK", "name" },
        { "RESULT", "result" },
        { "DETAIL", "detail", .shrink = true },
        {},
};

static int show_text(sd_bus *bus, const char *path, json_t *manifest)
{
        _cleanup_json_ json_t *backup = NULL;

        int r = bus_object(bus, path, IFACE_BACKUP, &backup);
        if (r)
                return r;
        details_print(rows, backup);
        out_line("%s", "");
        r = columns_print(part_columns, json_object_get(manifest, "parts"), "no partitions");
        if (r >= 0 && json_array_size(json_object_get(manifest, "checks"))) {
                out_line("%s", "");
                r = columns_print(check_columns, json_object_get(manifest, "checks"), "");
        }
        return r < 0 ? error_errno(r, "cannot print the table") : EXIT_OK;
}

static int run(int argc, char **argv)
{
        _cleanup_bus_ sd_bus *bus = NULL;
        _cleanup_free_ char *id = NULL, *path = NULL;
        _cleanup_json_ json_t *manifest = NULL;

        int r = bus_open_asking(&bus);
        if (r)
                return r;
        r = backup_resolve(bus, argv[0], &id);
        if (r)
                return r;
        path = bus_backup_path(id);
        if (!path)
                return error_errno(-ENOMEM, "cannot show the backup");
        r = manifest_get(bus, path, &manifest);
        if (r)
                return r;
        return arg_json ? out_json(json_incref(manifest)) : show_text(bus, path, manifest);
}

const Verb verb_show = {
        .name = "show",
        .group = GROUP_BACKUPS,
        .synopsis = "BACKUP",
        .summary = "show a backup: its partitions, sums and checks",
        .help = "BACKUP is an id, a unique beginning of one, or “latest”. With --json the "
                "manifest\n"
                "is printed as it is stored.",
        .min_args = 1,
        .max_args = 1,
        .needs_bus = true,
        .run = run,
};
