//! The first rows of a list decide about its columns and their widths, so that its first line does not wait for the last
//! row.

use super::{Each, ListError};

/// Number of rows that are read before the first line is written.
const SAMPLE_ROWS: usize = 1_000;

/// Whether the sample contains all rows of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sample {
    All,
    Beginning,
}

/// Writes a list whose head depends on its rows.
pub(super) trait SampledList<R> {
    /// Writes the head. `rows` are the first rows.
    fn begin(&mut self, rows: &[R], sample: Sample) -> Result<(), ListError>;

    /// Writes a row.
    fn write(&mut self, row: R) -> Result<(), ListError>;
}

/// Writes the head and all rows of a list.
pub(super) fn write<R>(list: &mut impl SampledList<R>, each: Each<'_, R>) -> Result<(), ListError> {
    let mut first = Some(Vec::new());
    each(&mut |row| {
        let Some(mut rows) = first.take() else {
            return list.write(row);
        };
        rows.push(row);
        if rows.len() < SAMPLE_ROWS {
            first = Some(rows);
            return Ok(());
        }
        list.begin(&rows, Sample::Beginning)?;
        rows.into_iter().try_for_each(|row| list.write(row))
    })?;
    if let Some(rows) = first {
        list.begin(&rows, Sample::All)?;
        rows.into_iter().try_for_each(|row| list.write(row))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// Records what is written.
    struct Recorder<'a>(&'a RefCell<Vec<String>>);

    impl SampledList<usize> for Recorder<'_> {
        fn begin(&mut self, rows: &[usize], sample: Sample) -> Result<(), ListError> {
            let begun = format!("{sample:?} of {}", rows.len());
            self.0.borrow_mut().push(begun);
            Ok(())
        }

        fn write(&mut self, row: usize) -> Result<(), ListError> {
            self.0.borrow_mut().push(row.to_string());
            Ok(())
        }
    }

    #[test]
    fn the_first_line_does_not_wait_for_the_last_row() {
        for (rows, head, before_the_last) in [
            (0, "All of 0", 0),
            (3, "All of 3", 0),
            (SAMPLE_ROWS + 2, "Beginning of 1000", SAMPLE_ROWS + 2),
        ] {
            let written = RefCell::new(Vec::new());
            let each: Each<'_, usize> = &|take| {
                for row in 0..rows {
                    if row + 1 == rows {
                        assert_eq!(written.borrow().len(), before_the_last);
                    }
                    take(row)?;
                }
                Ok(())
            };
            write(&mut Recorder(&written), each).unwrap();
            let written = written.into_inner();
            assert_eq!(written[0], head);
            let numbers = (0..rows).map(|row| row.to_string());
            assert!(written[1..].iter().cloned().eq(numbers));
        }
    }
}
