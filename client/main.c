/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "client/command-line.h"

int main(int argc, char **argv)
{
        return command_line_run(argc, argv);
}
