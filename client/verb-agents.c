/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "client/bus.h"
#include "client/columns.h"
#include "client/error.h"
#include "client/lists.h"
#include "client/verb.h"

static const Column columns[] = {
        { "NAME", "name" },
        { "DESCRIPTION", "description", .shrink = true },
        { "CHIPS", "chips", COLUMN_LIST },
        {},
};

static int agents_print(json_t *list)
{
        return columns_print(columns, list,
                "no download agent is imported yet: mtkbackupctl agents import FILE");
}

/* a(sssas) or (ssas) at m, member by member */
static int agent_read(sd_bus_message *m, bool with_name, json_t *agent)
{
        static const char *const keys[] = { "id", "name", "description", "chips" };

        for (size_t i = 0; i < ELEMENTS(keys); i++) {
                json_t *value;
                if (i == 1 && !with_name)
                        continue;
                int r = bus_read_value(m, &value);
                if (r < 0)
                        return r;
                json_object_set_new(agent, keys[i], value);
        }
        return 0;
}

static int list(sd_bus *bus)
{
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_json_ json_t *agents = json_array();

        int r = bus_call(bus, PATH_MANAGER, IFACE_MANAGER, "ListAgents", &reply, NULL);
        if (r)
                return r;
        r = sd_bus_message_enter_container(reply, 'a', "(sssas)");
        while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'r', "sssas")) > 0) {
                json_t *agent = json_object();
                json_array_append_new(agents, agent);
                r = agent_read(reply, true, agent);
                r = r < 0 ? r : sd_bus_message_exit_container(reply);
        }
        if (r < 0)
                return error_bus(NULL, r);
        return list_finish("agents", TAKE_PTR(agents), agents_print);
}

static int import(sd_bus *bus, const char *path)
{
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_json_ json_t *agent = json_object();
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        const char *slash = strrchr(path, '/');

        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return error_file(-errno, path);
        if (!S_ISREG(st.st_mode))
                return error_fail(ERROR_INVALID_FILE, "%s is no regular file", path);
        int r = bus_call(bus, PATH_MANAGER, IFACE_MANAGER, "ImportAgent", &reply, "sh",
                slash ? slash + 1 : path, fd);
        if (r)
                return r;
        r = agent_read(reply, false, agent);
        if (r < 0)
                return error_bus(NULL, r);
        if (arg_json)
                return out_json(TAKE_PTR(agent));
        _cleanup_free_ char *chips = column_text(&columns[2], agent);
        message("imported %s: %s", object_text(agent, "id"), object_text(agent, "description"));
        out_line("%s", chips ?: "");
        return EXIT_OK;
}

static int run(int argc, char **argv)
{
        _cleanup_bus_ sd_bus *bus = NULL;

        if (argc > 0 && strcmp(argv[0], "import") != 0)
                return error_usage("“agents” does not understand “%s”", argv[0]);
        if (argc == 1)
                return error_usage("which file? “mtkbackupctl agents import FILE”");
        int r = bus_open_asking(&bus);
        if (r)
                return r;
        return argc > 0 ? import(bus, argv[1]) : list(bus);
}

const Verb verb_agents = {
        .name = "agents",
        .group = GROUP_SETUP,
        .synopsis = "[import FILE]",
        .summary = "list download agents, or import a file of them or a preloader",
        .help = "A download agent is the program that runs on the phone and reads its storage. "
                "It is\n"
                "the maker's property and not part of this software: import the file that came "
                "with\n"
                "the phone's firmware or flash tool once. It is checked and listed by chip.\n"
                "\n"
                "Phones in boot ROM mode also need the memory settings of their board: import the\n"
                "preloader file of the same firmware (preloader_NAME.bin) in the same way.",
        .max_args = 2,
        .needs_bus = true,
        .run = run,
};
