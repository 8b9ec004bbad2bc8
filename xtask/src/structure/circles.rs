//! Files that take names from each other in a circle: none of them can be understood, tested or moved without the others.

use super::modules::Arrows;
use std::collections::BTreeSet;

/// The circles among `files` files, each with the numbers of its files.
pub(super) fn of(files: usize, arrows: &Arrows) -> Vec<Vec<usize>> {
    let reached: Vec<BTreeSet<usize>> = (0..files).map(|file| reach(file, arrows)).collect();
    let mut circles: Vec<Vec<usize>> = Vec::new();
    for file in 0..files {
        if reached[file].contains(&file) && !circles.iter().any(|circle| circle.contains(&file)) {
            circles.push((file..files).filter(|other| reached[file].contains(other) && reached[*other].contains(&file)).collect());
        }
    }
    circles
}

/// All files that this one needs.
fn reach(file: usize, arrows: &Arrows) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut left = vec![file];
    while let Some(next) = left.pop() {
        left.extend(arrows.keys().filter(|(from, _)| *from == next).map(|(_, to)| *to).filter(|to| reached.insert(*to)));
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_circle_is_found_once_and_whole() {
        let arrows = |pairs: &[(usize, usize)]| pairs.iter().map(|pair| (*pair, BTreeSet::new())).collect::<Arrows>();
        assert_eq!(of(4, &arrows(&[(0, 1), (1, 2), (0, 2), (3, 0)])), Vec::<Vec<usize>>::new());
        // Two circles, and files that only lead into them.
        assert_eq!(of(7, &arrows(&[(0, 1), (1, 4), (4, 1), (2, 3), (3, 5), (5, 2), (1, 6), (2, 1)])), [vec![1, 4], vec![2, 3, 5]]);
    }
}
