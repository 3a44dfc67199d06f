/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/inotify.h>

#include "basic/log.h"
#include "client/notify/presence.h"

#if TEST_HOOKS
/* A file whose first letter is "a" for active, instead of logind. */
static const char *test_file(void)
{
        return getenv("MTKBACKUP_TEST_PRESENCE");
}
#else
static const char *test_file(void)
{
        return NULL;
}
#endif

static bool read_test_file(const char *path)
{
        _cleanup_fclose_ FILE *f = fopen(path, "re");
        return f && fgetc(f) == 'a';
}

static bool is_active(void)
{
        _cleanup_free_ char *session = NULL, *state = NULL;

        if (test_file())
                return read_test_file(test_file());
        if (access("/run/systemd/seats", F_OK) < 0)
                return true;
        /* started by the session itself, or by the user's systemd, which belongs to none */
        if (sd_pid_get_session(0, &session) >= 0 || sd_uid_get_display(getuid(), &session) >= 0)
                return sd_session_is_active(session) > 0;
        return sd_uid_get_state(getuid(), &state) >= 0 && strcmp(state, "active") == 0;
}

static void look(Presence *p)
{
        bool active = is_active();

        if (active == p->active)
                return;
        p->active = active;
        p->changed(p->userdata);
}

static int on_login(sd_event_source *s, int fd, uint32_t revents, void *userdata)
{
        Presence *p = userdata;

        sd_login_monitor_flush(p->monitor);
        look(p);
        return 0;
}

static int on_test_file(sd_event_source *s, const struct inotify_event *e, void *userdata)
{
        look(userdata);
        return 0;
}

int presence_open(Presence *p, sd_event *event, void (*changed)(void *userdata), void *userdata)
{
        *p = (Presence){ .active = is_active(), .changed = changed, .userdata = userdata };
        if (test_file())
                return sd_event_add_inotify(
                        event, &p->source, test_file(), IN_CLOSE_WRITE, on_test_file, p);
        int r = sd_login_monitor_new(NULL, &p->monitor);
        if (r < 0) {
                log_debug("No login monitor: %s", strerror(-r));
                return 0;
        }
        r = sd_login_monitor_get_events(p->monitor);
        return r < 0 ? r
                     : sd_event_add_io(event, &p->source, sd_login_monitor_get_fd(p->monitor),
                               (uint32_t)r, on_login, p);
}

void presence_done(Presence *p)
{
        sd_event_source_unref(p->source);
        sd_login_monitor_unref(p->monitor);
        *p = (Presence){};
}
