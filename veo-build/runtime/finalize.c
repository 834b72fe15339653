/* Runs the destructors that C++ has registered for this library when it is unloaded. */

extern char __dso_handle __attribute__((visibility("hidden")));
extern void __cxa_finalize(void *) __attribute__((weak));

__attribute__((destructor)) static void finalize(void)
{
    if (__cxa_finalize)
        __cxa_finalize(&__dso_handle);
}
