/*
 * What keeps a pod's namespaces when none of its containers runs. As the first process of a pod it also collects the
 * orphans. `pause -v` says something and ends: an upgrade runs it as a job.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

int main(int count, char **arguments) {
    if (count > 1 && strcmp(arguments[1], "-v") == 0) {
        puts("pause of the lab");
        return 0;
    }
    sigset_t awaited;
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGTERM);
    sigaddset(&awaited, SIGINT);
    sigaddset(&awaited, SIGCHLD);
    sigprocmask(SIG_BLOCK, &awaited, NULL);
    for (;;) {
        int signal;
        if (sigwait(&awaited, &signal) != 0 || signal != SIGCHLD)
            return 0;
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
    }
}
