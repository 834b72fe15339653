/* The program ends, in the way that argv[2] names, without a word to the
 * library, and leaves a child that holds whatever it inherited. The child says
 * whether the VE process has ended too. */
#include "check.h"

#include <fcntl.h>

static void end(const char *how)
{
	char *const arguments[] = { "sleep", "0", NULL };

	if (strcmp(how, "exit") == 0)
		exit(0);
	if (strcmp(how, "_exit") == 0)
		_exit(0);
	if (strcmp(how, "abort") == 0)
		abort();
	if (strcmp(how, "kill") == 0)
		kill(getpid(), SIGKILL);
	if (strcmp(how, "exec") == 0)
		execvp(arguments[0], arguments);
	exit(9);
}

/* The state of a process, as ps tells it; X if there is none. */
static char state_of(int pid)
{
	char path[50], state = 'X';
	FILE *file;

	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (file == NULL)
		return 'X';
	if (fscanf(file, "%*d %*[^)]) %c", &state) != 1)
		state = 'X';
	fclose(file);
	return state;
}

/* Whether a process runs; one that waits to be collected does not. */
static int runs(int pid)
{
	char state = state_of(pid);

	return state != 'X' && state != 'Z';
}

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc;
	uint64_t library, pid = 0;
	int ready[2];
	char byte = 0;

	start(argc, argv);
	NEED(argc > 3);
	proc = new_proc();
	library = load(proc, "libkernels.so");
	struct veo_args *args = veo_args_alloc();
	CHECK_EQ(veo_call_sync(proc, symbol(proc, library, "process_id"), args, &pid), 0);
	struct veo_thr_ctxt *ctx = veo_context_open(proc);
	if (strcmp(argv[3], "busy") == 0)
		submit(ctx, symbol(proc, library, "endless"), 0);
	if (strcmp(argv[3], "stopped") == 0) {
		submit(ctx, symbol(proc, library, "stops"), 0);
		while (state_of((int)pid) != 'T')
			usleep(1000);
	}
	NEED(pipe(ready) == 0);
	if (fork() == 0) {
		double begin = now();
		/* The parent has ended when nobody can write any more. */
		close(ready[1]);
		while (read(ready[0], &byte, 1) > 0)
			;
		while (runs((int)pid) && now() - begin < 5)
			usleep(2000);
		printf(runs((int)pid) ? "still there\n" : "gone\n");
		exit(0);
	}
	close(ready[0]);
	/* Closed by an exec too. */
	dup3(ready[1], 99, O_CLOEXEC);
	close(ready[1]);
	end(argv[2]);
}
