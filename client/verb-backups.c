/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/bus.h"
#include "client/columns.h"
#include "client/lists.h"
#include "client/verb.h"

static const Column columns[] = {
        { "BACKUP", "id" },
        { "DATE", "started_at", COLUMN_TIME, .spare = 5 },
        { "CHIP", "chip", .spare = 4 },
        { "PHONE", "device_key", .shrink = true, .spare = 1 },
        { "KIND", "kind" },
        { "RESULT", "result" },
        { "SIZE", "size", COLUMN_SIZE },
        { "NEW", "new_bytes", COLUMN_SIZE, .spare = 3 },
        { "VERIFIED", "verified" },
        { "NAME", "name", .shrink = true },
        {},
};

int backups_print(json_t *list)
{
        return columns_print(columns, list, "no backups yet");
}

static int run(int argc, char **argv)
{
        return list_show("backups", IFACE_BACKUP, backups_print);
}

const Verb verb_backups = {
        .name = "backups",
        .group = GROUP_BACKUPS,
        .summary = "list what is saved, oldest first",
        .needs_bus = true,
        .run = run,
};
