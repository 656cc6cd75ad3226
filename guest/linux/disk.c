#include "guest/linux/disk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/lib/bench_lines.h"
#include "guest/linux/console.h"
#include "guest/linux/fio_report.h"
#include "guest/linux/words.h"

static const char kFio[] = "/bin/fio";
static const char kJobs[] = "/tmp/jobs.fio";
static const char kSaid[] = "/tmp/fio.json";
static const char kBefore[] = "/tmp/interrupts-before";
static const char kAfter[] = "/tmp/interrupts-after";

enum { kWarmUp = 100, kMeasured = 500 };  // [ms]

// In batches where there is depth: fio by default makes a system call, and so a notification, for
// each request as soon as one is done, and what is measured then is fio. At random, so that
// neighbours are not merged into one request of the device.
static int write_jobs(const struct DiskCell* cell) {
  FILE* file = fopen(kJobs, "we");
  if (!file) {
    return 0;
  }
  fprintf(file,
          "[global]\nfilename=%s\nrw=%s\nbs=%u\niodepth=%u\niodepth_batch_submit=%u\n"
          "iodepth_batch_complete_max=%u\niodepth_low=%u\n"
          "direct=1\nioengine=libaio\nnorandommap=1\ntime_based=1\nthread=1\ndisk_util=0\n"
          "lat_percentiles=1\nclat_percentiles=0\n",
          cell->path, cell->writes ? "randwrite" : "randread", cell->bytes, cell->depth,
          (cell->depth + 1) / 2, cell->depth, (cell->depth + 1) / 2);
  fprintf(file, "[warm-up]\nruntime=%dms\n", kWarmUp);
  fprintf(file,
          "[measured]\nstonewall\nruntime=%dms\nexec_prerun=/bin/bench-linux ready %s %s %s\n"
          "exec_postrun=/bin/bench-linux mark %s\n",
          kMeasured, cell->name, cell->face, cell->interrupts, cell->interrupts);
  return fclose(file) == 0;
}

static int run_fio(void) {
  const pid_t child = fork();
  if (child == 0) {
    // Nothing of it comes between the lines; the hooks' output lies in the folder it is in.
    if (chdir("/tmp") == 0 && freopen("/tmp/fio.err", "w", stderr) &&
        freopen("/dev/null", "w", stdout)) {
      execl(kFio, "fio", "--output-format=json+", "--output=/tmp/fio.json", kJobs, NULL);
    }
    _exit(127);
  }
  int status = -1;
  return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static char* read_all(const char* path) {
  FILE* file = fopen(path, "re");
  if (!file) {
    return NULL;
  }
  char* text = malloc(1 << 20);
  const size_t got = text ? fread(text, 1, (1 << 20) - 1, file) : 0;
  fclose(file);
  if (text) {
    text[got] = 0;
  }
  return text;
}

static void keep(const char* path, uint64_t count) {
  FILE* file = fopen(path, "we");
  if (file) {
    fprintf(file, "%llu\n", (unsigned long long)count);
    fclose(file);
  }
}

static uint64_t kept(const char* path) {
  FILE* file = fopen(path, "re");
  unsigned long long count = 0;
  if (!file) {
    return 0;
  }
  if (fscanf(file, "%llu", &count) != 1) {
    count = 0;
  }
  fclose(file);
  return count;
}

int disk_hook(char** words) {
  if (words[0] && strcmp(words[0], "ready") == 0 && words[1] && words[2] && words[3]) {
    keep(kBefore, interrupts_of(words[3]));
    say_ready(words[1], words[2]);
    return 0;
  }
  if (words[0] && strcmp(words[0], "mark") == 0 && words[1]) {
    say_mark();
    keep(kAfter, interrupts_of(words[1]));
    return 0;
  }
  return 2;
}

void disk_cell(const struct DiskCell* cell) {
  static struct Histogram latency;
  struct BenchCounts counts = {.kicks = kKicksUntold};
  uint64_t requests = 0;
  if (access(kFio, X_OK) != 0) {
    say_without("skip", cell->name, "there_is_no_fio_in_the_initramfs");
    return;
  }
  remove(kSaid);
  const int done = write_jobs(cell) && run_fio();
  char* const said = done ? read_all(kSaid) : NULL;
  const char* const why = !said ? "fio_failed"
                                : fio_report(said, "measured", cell->writes ? "write" : "read",
                                             &requests, &counts, &latency);
  free(said);
  if (why) {
    say_without("fail", cell->name, why);
    return;
  }
  counts.interrupts = kept(kAfter) - kept(kBefore);
  say_cell(cell->name, requests, &counts, &latency);
}
