/* SPDX-License-Identifier: GPL-3.0-or-later */
#pragma once

/* Who asks for the password when there is no desktop.
 *
 * polkit asks the person through an agent of her session. A desktop brings one; on a plain terminal
 * or over ssh this program lends its terminal to pkttyagent for as long as it runs, as systemctl
 * does. With a desktop's agent present pkttyagent steps back. */

/* Starts it when the person can answer (both ends are a terminal, not root) and it is installed;
 * else does nothing. It ends with this program. May be called again. */
void tty_agent_start(void);
void tty_agent_stop(void);
