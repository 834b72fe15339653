! Kernels in Fortran that leave their memory.
subroutine axpy(n, a, x, y) bind(c)
  use iso_c_binding
  integer(c_int64_t), value :: n
  real(c_double), value :: a
  real(c_double) :: x(*), y(*)
  integer(c_int64_t) :: i
  do i = 1, n + 1
    y(i) = y(i) + a * x(i) ! adds
  end do
end subroutine

subroutine from_zero(n, x) bind(c)
  use iso_c_binding
  integer(c_int64_t), value :: n
  integer(c_int32_t) :: x(*)
  integer(c_int64_t) :: i
  do i = n, 0, -1
    x(i) = 7 ! from zero
  end do
end subroutine

subroutine column(rows, columns, m) bind(c)
  use iso_c_binding
  integer(c_int64_t), value :: rows, columns
  real(c_float) :: m(rows, *)
  m(:, columns + 1) = 0 ! column
end subroutine
