/* Something of each kind that the linker treats in its own way. */
extern long outside(long);
extern long variable;
extern _Thread_local long elsewhere;
_Thread_local long own;
long (*pointer)(long) = outside;
long numbers[100];
const char *words[] = {"one", "two"};

__attribute__((constructor)) static void begin(void) { numbers[1] = outside(1); }
__attribute__((destructor)) static void end(void) { outside(numbers[1]); }
long sum(long x) { return elsewhere + ++own + pointer(x) + variable + numbers[x] + words[x & 1][0]; }
