/* Kernels that need those of other libraries. */

#ifdef NEEDS
long NEEDS(void);
#endif

long NAME(void)
{
	long sum = 1;
#ifdef NEEDS
	sum += NEEDS();
#endif
	return sum;
}
