/* SPDX-License-Identifier: GPL-3.0-or-later */

/* usage: stand-in server | service
 *
 * Where no Python can talk to a bus: a notification server of the session that writes down what it
 * is asked to show, or a service with one job, the question whether a phone may be backed up. */

#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>

#include "basic/cleanup.h"
#include "dbus/names.h"

#define NOTIFICATIONS "org.freedesktop.Notifications"
#define NOTIFICATIONS_PATH "/org/freedesktop/Notifications"

static uint32_t last_id;

static int information(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        return sd_bus_reply_method_return(m, "ssss", "stand-in", "tests", "1", "1.2");
}

static int capabilities(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        return sd_bus_reply_method_return(m, "as", 2, "body", "actions");
}

static int notify(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        const char *application, *icon, *summary, *body;
        uint32_t id;

        int r = sd_bus_message_read(m, "susss", &application, &id, &icon, &summary, &body);
        if (r < 0)
                return r;
        id = id ? id : ++last_id;
        printf("show %u %s:", id, summary);
        for (; *body; body++)
                putchar(*body == '\n' ? ' ' : *body);
        putchar('\n');
        return sd_bus_reply_method_return(m, "u", id);
}

static int close_one(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        uint32_t id;

        int r = sd_bus_message_read(m, "u", &id);
        if (r < 0)
                return r;
        printf("close %u\n", id);
        return sd_bus_reply_method_return(m, NULL);
}

static const sd_bus_vtable server_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("GetServerInformation", "", "ssss", information, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("GetCapabilities", "", "as", capabilities, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Notify", "susssasa{sv}i", "u", notify, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("CloseNotification", "u", "", close_one, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static int objects(sd_bus_message *m, void *userdata, sd_bus_error *e)
{
        if (!sd_bus_message_is_method_call(
                    m, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects"))
                return 0;
        printf("listed\n");
        return sd_bus_reply_method_return(m, "a{oa{sa{sv}}}", 1, PATH_JOBS "/_1", 1, IFACE_JOB, 6,
                "Id", "u", UINT32_C(1), "Kind", "s", "backup", "State", "s", STATE_QUEUED,
                "StartedByUID", "u", UINT32_C(4242), "Automatic", "b", 1, "NeedsApproval", "b", 1);
}

int main(int argc, char **argv)
{
        bool server = argc == 2 && strcmp(argv[1], "server") == 0;
        sd_bus *bus = NULL;

        if (!server && (argc != 2 || strcmp(argv[1], "service") != 0)) {
                fprintf(stderr, "usage: stand-in server | service\n");
                return 2;
        }
        setvbuf(stdout, NULL, _IOLBF, 0);
        int r = server ? sd_bus_open_user(&bus) : sd_bus_open_system(&bus);
        if (r >= 0)
                r = server ? sd_bus_add_object_vtable(bus, NULL, NOTIFICATIONS_PATH, NOTIFICATIONS,
                                     server_vtable, NULL)
                           : sd_bus_add_object(bus, NULL, PATH_MANAGER, objects, NULL);
        r = r < 0 ? r : sd_bus_request_name(bus, server ? NOTIFICATIONS : BUS_NAME, 0);
        while (r >= 0) {
                r = sd_bus_process(bus, NULL);
                if (r == 0)
                        r = sd_bus_wait(bus, UINT64_MAX);
        }
        fprintf(stderr, "stand-in: %s\n", strerror(-r));
        sd_bus_unref(bus);
        return 1;
}
