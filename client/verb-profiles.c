/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "basic/fd.h"
#include "client/bus.h"
#include "client/columns.h"
#include "client/error.h"
#include "client/lists.h"
#include "client/verb.h"
#include "profile/profile.h"

#define SUFFIX ".yaml"

static const Column columns[] = {
        { "PROFILE", "id" },
        { "CHIP", "chip" },
        { "USABLE", "usable", COLUMN_YESNO },
        { "WHAT IT DOES", "title", .shrink = true },
        {},
};

static int profiles_print(json_t *list)
{
        return columns_print(columns, list, "no profiles");
}

static int list(void)
{
        _cleanup_bus_ sd_bus *bus = NULL;
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_json_ json_t *profiles = json_array();
        const char *name, *chip, *title;
        int usable;

        int r = bus_open(&bus);
        if (r)
                return r;
        r = bus_call(bus, PATH_MANAGER, IFACE_MANAGER, "ListProfiles", &reply, NULL);
        if (r)
                return r;
        r = sd_bus_message_enter_container(reply, 'a', "(sssb)");
        while (r >= 0 &&
                (r = sd_bus_message_read(reply, "(sssb)", &name, &chip, &title, &usable)) > 0)
                json_array_append_new(profiles,
                        json_pack("{s:s, s:s, s:s, s:b}", "id", name, "chip", chip, "title", title,
                                "usable", usable));
        if (r < 0)
                return error_bus(NULL, r);
        return list_finish("profiles", TAKE_PTR(profiles), profiles_print);
}

static int file_load(const char *path, char **ret, size_t *ret_size)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

        return fd < 0 ? -errno : fd_read_all(fd, PROFILE_SIZE_MAX, ret, ret_size);
}

/* The text of a profile by name: the administrator's folder before the shipped one, as the service
 * looks for it. */
static int show(const char *name)
{
        static const char *const folders[] = { CONFIG_DIR "/profiles", PROFILE_DIR };
        int r = -ENOENT;

        if (!profile_name_valid(name))
                return error_usage("“%s” is no name of a profile", name);
        for (size_t i = 0; i < ELEMENTS(folders) && r == -ENOENT; i++) {
                _cleanup_free_ char *path = NULL, *text = NULL;
                size_t size;
                if (asprintf(&path, "%s/%s" SUFFIX, folders[i], name) < 0)
                        return error_errno(-ENOMEM, "cannot read the profile");
                r = file_load(path, &text, &size);
                if (r < 0 && r != -ENOENT)
                        return error_file(r, path);
                if (r < 0)
                        continue;
                if (arg_json)
                        return out_json(json_pack(
                                "{s:s, s:s, s:s%}", "id", name, "file", path, "text", text, size));
                message("# %s", path);
                fwrite(text, 1, size, stdout);
                return EXIT_OK;
        }
        return error_fail(ERROR_NO_SUCH_PROFILE, "there is no profile “%s” in %s or %s", name,
                folders[0], folders[1]);
}

static int check(const char *path)
{
        _cleanup_free_ char *text = NULL, *name = NULL;
        _cleanup_(profile_freep) Profile *profile = NULL;
        const char *slash = strrchr(path, '/');
        Failure f = {};
        size_t size;

        name = strdup(slash ? slash + 1 : path);
        if (!name)
                return error_errno(-ENOMEM, "cannot check the profile");
        size_t length = strlen(name);
        if (length > strlen(SUFFIX) && strcmp(name + length - strlen(SUFFIX), SUFFIX) == 0)
                name[length - strlen(SUFFIX)] = 0;
        else
                return error_usage("a profile's file is called NAME" SUFFIX ", not “%s”", name);
        int r = file_load(path, &text, &size);
        if (r < 0)
                return error_file(r, path);
        r = profile_parse(name, path, text, size, &profile, &f);
        if (r < 0 && failure_is_set(&f))
                return error_report(&f);
        if (r < 0)
                return error_file(r, path);
        if (arg_json)
                return out_json(json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", profile->name, "title",
                        profile->title, "chip", profile->chip, "kind",
                        profile_kind_to_string(profile->kind), "agent", profile->agent));
        out_line("%s: a valid profile for %s (%s)", path,
                *profile->chip ? profile->chip : "any chip", profile_kind_to_string(profile->kind));
        return EXIT_OK;
}

static int run(int argc, char **argv)
{
        if (argc == 0)
                return list();
        bool is_show = strcmp(argv[0], "show") == 0;
        if (!is_show && strcmp(argv[0], "check") != 0)
                return error_usage("“profiles” does not understand “%s”", argv[0]);
        if (argc == 1)
                return error_usage("which one? “mtkbackupctl profiles %s %s”", argv[0],
                        is_show ? "PROFILE" : "FILE");
        return is_show ? show(argv[1]) : check(argv[1]);
}

const Verb verb_profiles = {
        .name = "profiles",
        .group = GROUP_SETUP,
        .synopsis = "[show PROFILE | check FILE]",
        .summary = "list profiles, print one, or check a file",
        .help = "“check” needs no service: it says where a file is wrong and what was expected.",
        .max_args = 2,
        .needs_bus = true,
        .run = run,
};
