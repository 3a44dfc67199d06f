/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/tty-agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "basic/cleanup.h"
#include "client/output.h"

enum { READY_MS = 5000 }; /* it registers with polkit in a few; never hang for it */

static pid_t agent;

static void agent_run(int notify, pid_t parent)
{
        char number[16];
        sigset_t none;

        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent)
                _exit(0);
        fcntl(notify, F_SETFD, 0);
        snprintf(number, sizeof(number), "%d", notify);
        execlp("pkttyagent", "pkttyagent", "--notify-fd", number, "--fallback", NULL);
        _exit(127);
}

void tty_agent_start(void)
{
        _cleanup_close_ int ours = -1, theirs = -1;
        int fds[2];

        if (agent > 0 || geteuid() == 0 || !isatty(STDIN_FILENO) || !stderr_is_terminal())
                return;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return;
        ours = fds[0];
        theirs = fds[1];
        pid_t parent = getpid();
        agent = fork();
        if (agent == 0)
                agent_run(theirs, parent);
        theirs = fd_close(theirs);
        /* it closes the pipe when it is ready, or because it does not exist */
        struct pollfd p = { .fd = ours, .events = POLLIN };
        if (agent > 0)
                while (poll(&p, 1, READY_MS) < 0 && errno == EINTR)
                        continue;
}

void tty_agent_stop(void)
{
        if (agent <= 0)
                return;
        kill(agent, SIGTERM);
        kill(agent, SIGCONT);
        waitpid(agent, NULL, 0);
        agent = 0;
}
