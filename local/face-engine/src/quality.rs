//! How well a face can be seen, and where it looks.

use crate::{
    align::{CHIP_SIZE, Chip},
    geometry::Point,
    landmarks::Landmarks,
};

/// The turn of a head, in degrees; all 0 when it looks straight into the camera. Estimates from
/// an average head's proportions, good to about 15 degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pose {
    /// Positive when the face looks to the picture's right.
    pub yaw: f32,
    /// Positive when the face looks up.
    pub pitch: f32,
    /// In the picture's plane: positive when the head is turned clockwise as seen.
    pub roll: f32,
}

/// Measures of the aligned face, each from 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// Mean brightness of the face: 20 at a mean grey level of 50 of 255, 80 at 200.
    pub brightness: f32,
    /// How much fine detail the face has for its contrast, whatever its size in the picture: the
    /// variance of the Laplacian over the variance of the grey levels, on a logarithmic scale.
    /// Below 20 when blurred by 2 % of the face's width, 29 to 60 for a face 80 pixels wide that
    /// was sharp when larger, 45 to 100 for ordinary portraits.
    pub sharpness: f32,
}

/// Tip of the nose, chin, outer corners of the eyes, corners of the mouth of an average head, by
/// the number of the landmark: x to the picture's right, y down, z away from the camera, in units
/// of about a fifth of a millimetre.
const HEAD: [(usize, [f32; 3]); 6] = [
    (30, [0.0, 0.0, 0.0]),
    (8, [0.0, 330.0, 65.0]),
    (36, [-225.0, -170.0, 135.0]),
    (45, [225.0, -170.0, 135.0]),
    (48, [-150.0, 150.0, 125.0]),
    (54, [150.0, 150.0, 125.0]),
];

impl Pose {
    /// By the scaled orthographic view of an average head that fits the landmarks best (the first
    /// step of `DeMenthon` and Davis's POSIT).
    pub(crate) fn of(landmarks: &Landmarks) -> Self {
        let points = HEAD.map(|(number, _)| landmarks.0[number]);
        let centre = Point::mean(&points);
        let middle = HEAD.iter().fold([0.0; 3], |sum, (_, place)| {
            std::array::from_fn(|axis| sum[axis] + place[axis] / 6.0)
        });
        // Least squares for the view's two rows: point = row · place.
        let mut matrix = [[0.0; 3]; 3];
        let (mut across, mut down) = ([0.0; 3], [0.0; 3]);
        for ((_, place), point) in HEAD.iter().zip(points) {
            let place: [f32; 3] = std::array::from_fn(|axis| place[axis] - middle[axis]);
            for row in 0..3 {
                across[row] += place[row] * (point.x - centre.x);
                down[row] += place[row] * (point.y - centre.y);
                for column in 0..3 {
                    matrix[row][column] += place[row] * place[column];
                }
            }
        }
        let (across, down) = (solve(matrix, across), solve(matrix, down));
        Self {
            yaw: (-across[2]).atan2(across[0].hypot(across[1])).to_degrees(),
            pitch: down[2].atan2(down[0].hypot(down[1])).to_degrees(),
            roll: down[0].atan2(across[0]).to_degrees(),
        }
    }
}

fn cross(a: [f32; 3], b: [f32; 3]) -> [f32; 3] {
    [
        a[1] * b[2] - a[2] * b[1],
        a[2] * b[0] - a[0] * b[2],
        a[0] * b[1] - a[1] * b[0],
    ]
}

fn dot(a: [f32; 3], b: [f32; 3]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Solves `matrix · x = vector` for a symmetric matrix that is not singular.
fn solve([a, b, c]: [[f32; 3]; 3], vector: [f32; 3]) -> [f32; 3] {
    let determinant = dot(a, cross(b, c));
    [cross(b, c), cross(c, a), cross(a, b)].map(|row| dot(row, vector) / determinant)
}

/// The part of a chip that shows skin, eyes, nose and mouth rather than hair and background.
const INNER: std::ops::Range<usize> = 25..125;

/// The ratio of variances that is called a sharpness of 20. Of portraits blurred by 2 % of the
/// face's width (Gaussian, standard deviation), all lie below it, and of sharp ones with faces 80
/// pixels wide, all lie above it.
const BLURRED: f32 = 0.006;

impl Quality {
    pub(crate) fn of(chip: &Chip) -> Self {
        let grey = |x: usize, y: usize| {
            let [red, green, blue] = chip.pixel(x, y);
            0.299 * red + 0.587 * green + 0.114 * blue
        };
        let visible = |x: usize, y: usize| chip.visible[y * CHIP_SIZE + x];
        let (mut level, mut detail) = (Variance::default(), Variance::default());
        for y in INNER {
            for x in INNER {
                let around = [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)];
                if visible(x, y) && around.iter().all(|(x, y)| visible(*x, *y)) {
                    let value = grey(x, y);
                    level.add(value);
                    let sum: f32 = around.iter().map(|(x, y)| grey(*x, *y)).sum();
                    detail.add(sum - 4.0 * value);
                }
            }
        }
        // A hundredth of a grey level keeps an even surface from being called sharp.
        let ratio = detail.variance() / (level.variance() + 0.01);
        Self {
            brightness: (level.mean() / 2.5).clamp(0.0, 100.0),
            sharpness: (20.0 + 40.0 * (ratio / BLURRED).log10()).clamp(0.0, 100.0),
        }
    }
}

/// Mean and variance of numbers that come one by one.
#[derive(Default)]
struct Variance {
    count: f32,
    sum: f32,
    squares: f32,
}

impl Variance {
    fn add(&mut self, value: f32) {
        self.count += 1.0;
        self.sum += value;
        self.squares += value * value;
    }

    /// 0 of no numbers.
    fn mean(&self) -> f32 {
        self.sum / self.count.max(1.0)
    }

    fn variance(&self) -> f32 {
        (self.squares / self.count.max(1.0) - self.mean().powi(2)).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The average head turned by angles in degrees, seen from afar.
    fn seen(yaw: f32, pitch: f32, roll: f32) -> Pose {
        let (yaw, pitch, roll) = (yaw.to_radians(), pitch.to_radians(), roll.to_radians());
        let mut points = [Point::default(); 68];
        for (number, [x, y, z]) in HEAD {
            let (x, z) = (x * yaw.cos() - z * yaw.sin(), x * yaw.sin() + z * yaw.cos());
            let y = y * pitch.cos() + z * pitch.sin();
            let (x, y) = (
                x * roll.cos() - y * roll.sin(),
                x * roll.sin() + y * roll.cos(),
            );
            points[number] = Point {
                x: 400.0 + x * 0.3,
                y: 300.0 + y * 0.3,
            };
        }
        Pose::of(&Landmarks(points))
    }

    fn near(found: Pose, [yaw, pitch, roll]: [f32; 3]) -> bool {
        (found.yaw - yaw).abs() < 1.0
            && (found.pitch - pitch).abs() < 1.0
            && (found.roll - roll).abs() < 1.0
    }

    #[test]
    fn a_turned_head_is_measured() {
        for angles in [
            [0.0, 0.0, 0.0],
            [30.0, 0.0, 0.0],
            [0.0, -20.0, 0.0],
            [0.0, 0.0, 25.0],
        ] {
            let [yaw, pitch, roll] = angles;
            let found = seen(yaw, pitch, roll);
            assert!(near(found, angles), "{found:?} for {angles:?}");
        }
    }

    fn chip(value: impl Fn(usize, usize) -> f32) -> Chip {
        let pixels =
            (0..CHIP_SIZE * CHIP_SIZE).map(|place| value(place % CHIP_SIZE, place / CHIP_SIZE));
        Chip {
            rgb: pixels.flat_map(|value| [value; 3]).collect(),
            visible: vec![true; CHIP_SIZE * CHIP_SIZE],
        }
    }

    #[test]
    fn a_mean_grey_level_of_fifty_is_a_brightness_of_twenty() {
        let quality = Quality::of(&chip(|_, _| 50.0));
        assert!((quality.brightness - 20.0).abs() < 0.1);
    }

    #[test]
    fn an_even_surface_is_not_sharp() {
        assert!(Quality::of(&chip(|_, _| 0.0)).sharpness < 1e-6);
        assert!(Quality::of(&chip(|_, y| if y < 75 { 50.0 } else { 50.001 })).sharpness < 20.0);
    }

    #[test]
    fn fine_detail_is_sharper_than_a_slope() {
        let fine = Quality::of(&chip(|x, y| {
            if (x / 2 + y / 2) % 2 == 0 {
                90.0
            } else {
                160.0
            }
        }));
        #[expect(clippy::cast_precision_loss, reason = "chips have 150 pixels")]
        let slope = Quality::of(&chip(|x, _| x as f32));
        assert!(
            fine.sharpness > 80.0 && slope.sharpness < 20.0,
            "{fine:?} {slope:?}"
        );
    }

    #[test]
    fn what_lies_beyond_the_picture_does_not_count() {
        let mut half = chip(|x, _| if x < 75 { 0.0 } else { 100.0 });
        for place in 0..CHIP_SIZE * CHIP_SIZE {
            half.visible[place] = place % CHIP_SIZE >= 75;
        }
        let quality = Quality::of(&half);
        assert!((quality.brightness - 40.0).abs() < 0.1 && quality.sharpness < 1e-6);
    }
}
