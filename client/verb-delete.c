/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "client/bus.h"
#include "client/error.h"
#include "client/verb.h"

static bool arg_yes;

static const Option options[] = {
        { 'y', "yes", NULL, "do not ask", OPTION_FLAG, &arg_yes },
        {},
};

/* 0: yes; an exit code otherwise */
static int confirm(const char *id, const json_t *backup)
{
        char answer[16] = "";

        if (arg_yes)
                return 0;
        if (!isatty(STDIN_FILENO) || !stderr_is_terminal())
                return error_usage("“delete” asks on a terminal; elsewhere it needs --yes");
        fprintf(stderr, "Delete %s (%s, %s, %s)? [y/N] ", id, object_text(backup, "chip"),
                object_text(backup, "kind"), object_text(backup, "started_at"));
        if (fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y'))
                return 0;
        message("%s is kept", id);
        return EXIT_NOTHING;
}

static int delete_one(sd_bus *bus, const char *word)
{
        _cleanup_free_ char *id = NULL, *path = NULL;
        _cleanup_json_ json_t *backup = NULL;

        int r = backup_resolve(bus, word, &id);
        if (r)
                return r;
        path = bus_backup_path(id);
        r = path ? bus_object(bus, path, IFACE_BACKUP, &backup)
                 : error_errno(-ENOMEM, "cannot delete");
        if (r)
                return r;
        r = confirm(id, backup);
        if (r)
                return r;
        r = bus_call(bus, path, IFACE_BACKUP, "Delete", NULL, "a{sv}", 0);
        if (r)
                return r;
        if (arg_json)
                out_event("deleted", json_pack("{s:s}", "id", id));
        else
                message("%s is deleted", id);
        return EXIT_OK;
}

static int run(int argc, char **argv)
{
        return bus_for_each(argc, argv, delete_one);
}

const Verb verb_delete = {
        .name = "delete",
        .group = GROUP_BACKUPS,
        .synopsis = "[--yes] BACKUP…",
        .summary = "delete backups",
        .options = options,
        .min_args = 1,
        .max_args = -1,
        .needs_bus = true,
        .run = run,
};
