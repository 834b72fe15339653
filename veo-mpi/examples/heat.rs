//! The heat equation on a plate whose rows are spread over the ranks. In each step a rank needs the row above its own and the row below
//! from its neighbours: they travel while a kernel computes the rows that need none of them.
//!
//! ```sh
//! cargo build -p veo-mpi --features mpi --example heat
//! mpirun -n 4 target/debug/examples/heat heat.svg
//! ```
//!
//! Rank 0 computes the whole plate alone as well, which has to give the same bits, and draws the result if it is given a file.

use std::error::Error;
use std::fmt::Write;
use std::ops::Range;

use ve_kernels::heat::heat_rows;
use veo_core::{VeBuffer, VeoContext, VeoProc};
use veo_mpi::{Job, VeComm};

/// Points of a row; the first and the last are the plate's edge.
const WIDTH: usize = 48;
/// Rows without the two at the edge.
const ROWS: usize = 32;
const STEPS: usize = 300;
/// How much of a difference flows to a neighbour in one step.
const SHARE: f64 = 0.2;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The temperature of a point in the beginning, row 0 and row `ROWS + 1` being the plate's edge. The edge keeps it.
fn at_first(row: usize, column: usize) -> f64 {
    match (row, column) {
        (0, column) if (WIDTH / 8..WIDTH / 2).contains(&column) => 100.0,
        (row, column) if row > ROWS / 2 && column == WIDTH - 1 => 70.0,
        _ => 0.0,
    }
}

/// Some rows of the plate in VE memory, with the row above and the row below.
struct Plate {
    rows: usize,
    now: VeBuffer<f64>,
    next: VeBuffer<f64>,
}

impl Plate {
    /// The rows as they are in the beginning.
    fn new(proc: &VeoProc, rows: Range<usize>) -> Result<Plate> {
        let all = rows.start - 1..=rows.end;
        let points = all.flat_map(|row| (0..WIDTH).map(move |column| at_first(row, column)));
        let points: Vec<f64> = points.collect();
        Ok(Plate {
            rows: rows.len(),
            now: proc.upload(&points)?,
            next: proc.upload(&points)?,
        })
    }

    /// Computes one step of all rows, with their present neighbours.
    fn step(&mut self, ctx: &VeoContext) -> Result<()> {
        let mut next = self.next.slice_mut(WIDTH..(self.rows + 1) * WIDTH)?;
        heat_rows(
            ctx,
            &self.now,
            &mut next,
            self.rows as i64,
            WIDTH as i64,
            SHARE,
        )?
        .wait()?;
        std::mem::swap(&mut self.now, &mut self.next);
        Ok(())
    }

    /// Computes one step. The row above comes from the rank `up`, the one below from `down`, where there are such.
    fn step_with(
        &mut self,
        ctx: &VeoContext,
        comm: &VeComm<'_>,
        up: Option<i32>,
        down: Option<i32>,
    ) -> Result<()> {
        let (rows, width) = (self.rows, WIDTH as i64);
        let (above, own) = self.now.split_at_mut(WIDTH)?;
        let (own, below) = own.split_at_mut(rows * WIDTH)?;
        let (first, last) = (own.slice(..WIDTH)?, own.slice((rows - 1) * WIDTH..)?);
        let coming = [
            up.map(|up| comm.irecv(ctx, above, up, 0)).transpose()?,
            down.map(|down| comm.irecv(ctx, below, down, 0))
                .transpose()?,
        ];
        let going = [
            up.map(|up| comm.isend(ctx, first, up, 0)).transpose()?,
            down.map(|down| comm.isend(ctx, last, down, 0))
                .transpose()?,
        ];
        if rows > 2 {
            let mut inner = self.next.slice_mut(2 * WIDTH..rows * WIDTH)?;
            let computed = heat_rows(ctx, &own, &mut inner, rows as i64 - 2, width, SHARE)?;
            for request in coming {
                request.map(|request| request.wait()).transpose()?;
            }
            computed.wait()?;
        } else {
            for request in coming {
                request.map(|request| request.wait()).transpose()?;
            }
        }
        for request in going {
            request.map(|request| request.wait()).transpose()?;
        }
        // The received rows decide about the first row and the last.
        for row in [1, rows] {
            let around = self.now.slice((row - 1) * WIDTH..(row + 2) * WIDTH)?;
            let mut to = self.next.slice_mut(row * WIDTH..(row + 1) * WIDTH)?;
            heat_rows(ctx, around, &mut to, 1, width, SHARE)?.wait()?;
        }
        std::mem::swap(&mut self.now, &mut self.next);
        Ok(())
    }
}

/// The rows of a rank: as many as others have, or one more.
fn rows_of(rank: i32, size: i32) -> Range<usize> {
    let (rank, size) = (rank as usize, size as usize);
    1 + rank * ROWS / size..1 + (rank + 1) * ROWS / size
}

fn main() -> veo_mpi::Result<()> {
    veo_mpi::run(|job| {
        if job.size() as usize > ROWS {
            return Err(format!("the plate has {ROWS} rows; start no more ranks than that").into());
        }
        let ctx = job.proc().open_context()?;
        let comm = VeComm::new(job.world(), job.proc())?;
        let mut plate = Plate::new(job.proc(), rows_of(job.rank(), job.size()))?;
        let up = (job.rank() > 0).then(|| job.rank() - 1);
        let down = (job.rank() + 1 < job.size()).then(|| job.rank() + 1);
        for _ in 0..STEPS {
            plate.step_with(&ctx, &comm, up, down)?;
        }
        match gather(job, &ctx, &comm, &plate)? {
            Some(result) => check_and_draw(job, &ctx, &result),
            None => Ok(()),
        }
    })
}

/// All rows, on rank 0.
fn gather(
    job: &Job,
    ctx: &VeoContext,
    comm: &VeComm<'_>,
    plate: &Plate,
) -> Result<Option<Vec<f64>>> {
    let own = plate.now.slice(WIDTH..(plate.rows + 1) * WIDTH)?;
    if job.rank() != 0 {
        comm.send(ctx, own, 0, 1)?;
        return Ok(None);
    }
    let mut all = job.proc().alloc::<f64>(ROWS * WIDTH)?;
    all.slice_mut(..plate.rows * WIDTH)?.copy_from(own)?;
    for rank in 1..job.size() {
        let rows = rows_of(rank, job.size());
        let place = all.slice_mut((rows.start - 1) * WIDTH..(rows.end - 1) * WIDTH)?;
        comm.recv(ctx, place, rank, 1)?;
    }
    Ok(Some(all.to_vec()?))
}

/// Compares with what one rank computes, and writes the picture.
fn check_and_draw(job: &Job, ctx: &VeoContext, result: &[f64]) -> Result<()> {
    let mut alone = Plate::new(job.proc(), 1..ROWS + 1)?;
    for _ in 0..STEPS {
        alone.step(ctx)?;
    }
    let alone = alone.now.slice(WIDTH..(ROWS + 1) * WIDTH)?.to_vec()?;
    let differ = result
        .iter()
        .zip(&alone)
        .filter(|(one, other)| one.to_bits() != other.to_bits());
    match differ.count() {
        0 => println!("{} ranks have computed what one computes", job.size()),
        count => return Err(format!("{count} points are not what one rank computes").into()),
    }
    if let Some(file) = std::env::args_os().nth(1) {
        std::fs::write(file, picture(result, job.size()))?;
    }
    Ok(())
}

/// The plate as SVG: areas of about one temperature, and lines where one rank's rows end.
fn picture(plate: &[f64], ranks: i32) -> String {
    const POINT: usize = 12;
    const COLOURS: [&str; 11] = [
        "#f7fbff", "#deebf7", "#c6dbef", "#9ecae1", "#fee391", "#fec44f", "#fe9929", "#ec7014",
        "#cc4c02", "#993404", "#662506",
    ];
    let colour_of = |value: f64| ((value / 8.0) as usize).min(COLOURS.len() - 1);
    let mut areas = vec![String::new(); COLOURS.len()];
    for (y, row) in plate.chunks(WIDTH).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|a, b| colour_of(*a) == colour_of(*b)) {
            let _ = write!(areas[colour_of(run[0])], "M{x} {y}h{0}v1h-{0}z", run.len());
            x += run.len();
        }
    }
    let (width, height) = (WIDTH * POINT, ROWS * POINT);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {ROWS}\" \
         shape-rendering=\"crispEdges\">\n"
    );
    for (colour, area) in COLOURS
        .iter()
        .zip(areas)
        .filter(|(_, area)| !area.is_empty())
    {
        let _ = writeln!(svg, "<path fill=\"{colour}\" d=\"{area}\"/>");
    }
    for rank in 1..ranks {
        let y = rows_of(rank, ranks).start - 1;
        let _ = writeln!(
            svg,
            "<path stroke=\"#333\" stroke-width=\".25\" stroke-dasharray=\"1\" d=\"M0 {y}h{WIDTH}\"/>"
        );
    }
    svg + "</svg>\n"
}
