! Right kernels, as in right.c.
integer(8) function f_sum(x, n) bind(c)
  use iso_c_binding
  implicit none
  integer(c_int64_t), value :: n
  real(c_double) :: x(n)
  f_sum = int(sum(x), 8)
end function

integer(8) function f_allocatable(x, n) bind(c)
  use iso_c_binding
  implicit none
  integer(c_int64_t), value :: n
  real(c_double) :: x(n)
  real(c_double), allocatable :: y(:)
  y = [x, x]
  f_allocatable = int(sum(y), 8) / 2
end function

integer(8) function f_omp(x, n) bind(c)
  use iso_c_binding
  implicit none
  integer(c_int64_t), value :: n
  real(c_double) :: x(n), s
  integer(c_int64_t) :: i
  s = 0
  !$omp parallel do reduction(+:s) num_threads(4)
  do i = 1, n
    s = s + x(i)
  end do
  f_omp = int(s, 8)
end function
