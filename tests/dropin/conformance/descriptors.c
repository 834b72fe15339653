/* Descriptors: the library's own do not leak into other programs, and those of
 * the program do not leak into the VE process. Nothing has a name that others
 * could open. */
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>

/* How many entries a directory has, with the names of the library's kind. */
static int named(const char *path)
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	int count = 0;

	if (directory == NULL)
		return 0;
	while ((entry = readdir(directory)) != NULL)
		if (strcasestr(entry->d_name, "veo") != NULL)
			count++;
	closedir(directory);
	return count;
}

/* Calls `look` for each open descriptor of a process but 0 to 2. */
static void each_descriptor(const char *process, void (*look)(int, const char *))
{
	char path[PATH_MAX], target[PATH_MAX];
	struct dirent *entry;
	DIR *directory;

	snprintf(path, sizeof path, "/proc/%s/fd", process);
	directory = opendir(path);
	NEED(directory != NULL);
	while ((entry = readdir(directory)) != NULL) {
		int number = atoi(entry->d_name);
		if (entry->d_name[0] == '.' || number <= 2 || number == dirfd(directory))
			continue;
		ssize_t length = readlinkat(dirfd(directory), entry->d_name, target,
					    sizeof target - 1);
		if (length < 0)
			continue;
		target[length] = '\0';
		look(number, target);
	}
	closedir(directory);
}

static int ours = -1, sealed, inherited;
/* Those that the program was started with. */
static char strange[1024];

static void note(int number, const char *target)
{
	(void)target;
	if (number < (int)sizeof strange)
		strange[number] = 1;
}

static void check_own(int number, const char *target)
{
	if (number == ours || (number < (int)sizeof strange && strange[number]))
		return;
	if (!(fcntl(number, F_GETFD) & FD_CLOEXEC)) {
		failures++;
		fprintf(stderr, "descriptor %d (%s) is not close-on-exec\n", number, target);
	}
	if (strstr(target, "memfd:") != NULL) {
		/* Nobody can take away pages under the other side's feet. */
		int seals = fcntl(number, F_GET_SEALS);
		CHECK(seals >= 0 && (seals & F_SEAL_SHRINK));
		sealed++;
	}
}

static char pid[20];
static int their_memory;

static void check_theirs(int number, const char *target)
{
	char path[PATH_MAX], line[256];
	unsigned flags = 0;
	int known = 0;
	FILE *info;

	if (strcmp(target, "/dev/zero") == 0)
		inherited++;
	snprintf(path, sizeof path, "/proc/%s/fdinfo/%d", pid, number);
	info = fopen(path, "r");
	if (info == NULL)
		return; /* closed meanwhile */
	while (fgets(line, sizeof line, info) != NULL)
		known |= sscanf(line, "flags: %o", &flags) == 1;
	fclose(info);
	if (!known)
		return; /* closed before it was read */
	if (!(flags & O_CLOEXEC)) {
		failures++;
		fprintf(stderr, "descriptor %d (%s) of the VE process is not close-on-exec\n",
			number, target);
	}
	if (strstr(target, "memfd:") != NULL) {
		snprintf(path, sizeof path, "/proc/%s/fd/%d", pid, number);
		int file = open(path, O_RDWR | O_CLOEXEC);
		if (file < 0)
			return;
		int seals = fcntl(file, F_GET_SEALS);
		CHECK(seals >= 0 && (seals & F_SEAL_SHRINK) && (seals & F_SEAL_SEAL));
		CHECK(ftruncate(file, 0) != 0);
		close(file);
		their_memory++;
	}
}

/* Sockets of this program that have a name, in a directory or abstract. */
static int named_sockets;

static void check_socket(int number, const char *target)
{
	unsigned long wanted, inode;
	char line[512], name[256];
	FILE *sockets;

	(void)number;
	if (number < (int)sizeof strange && strange[number])
		return;
	if (sscanf(target, "socket:[%lu]", &wanted) != 1)
		return;
	sockets = fopen("/proc/net/unix", "r");
	NEED(sockets != NULL);
	while (fgets(line, sizeof line, sockets) != NULL)
		if (sscanf(line, "%*s %*s %*s %*s %*s %*s %lu %255s", &inode, name) == 2 &&
		    inode == wanted) {
			named_sockets++;
			fprintf(stderr, "socket %s has a name\n", name);
		}
	fclose(sockets);
}

int main(int argc, char **argv)
{
	struct veo_proc_handle *proc;
	int shm = named("/dev/shm"), tmp = named("/tmp"), run = named("/run");

	start(argc, argv);
	each_descriptor("self", note);
	/* One that every child would inherit. */
	ours = open("/dev/zero", O_RDONLY);
	NEED(ours > 2);
	proc = new_proc();
	uint64_t library = load(proc, "libkernels.so"), result = 0;
	struct veo_args *args = veo_args_alloc();
	CHECK_EQ(veo_call_sync(proc, symbol(proc, library, "process_id"), args, &result), 0);
	veo_args_free(args);
	snprintf(pid, sizeof pid, "%d", (int)result);
	each_descriptor("self", check_own);
	each_descriptor(pid, check_theirs);
	CHECK_EQ(inherited, 0);
	/* The host keeps what it has mapped closed, or sealed; one side has it open. */
	CHECK(sealed + their_memory > 0);
	each_descriptor("self", check_socket);
	CHECK_EQ(named_sockets, 0);
	CHECK_EQ(named("/dev/shm"), shm);
	CHECK_EQ(named("/tmp"), tmp);
	CHECK_EQ(named("/run"), run);
	CHECK_EQ(veo_proc_destroy(proc), 0);
	return finish();
}
