//! Points and boxes, in pixels of the picture, x to the right and y down.

/// A point in pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// From the left edge.
    pub x: f32,
    /// From the top edge.
    pub y: f32,
}

impl Point {
    /// The centre of some points.
    pub(crate) fn mean(points: &[Self]) -> Self {
        let (x, y, count) = points.iter().fold((0.0, 0.0, 0.0), |(x, y, count), point| {
            (x + point.x, y + point.y, count + 1.0)
        });
        Self {
            x: x / count,
            y: y / count,
        }
    }
}

/// An upright rectangle in pixels; it may reach beyond the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    /// Left edge.
    pub left: f32,
    /// Top edge.
    pub top: f32,
    /// Width.
    pub width: f32,
    /// Height.
    pub height: f32,
}

impl Rect {
    fn area(&self) -> f32 {
        self.width * self.height
    }

    /// The area that both share.
    fn shared(&self, other: &Self) -> f32 {
        let overlap = |start: f32, length: f32, other_start: f32, other_length: f32| {
            ((start + length).min(other_start + other_length) - start.max(other_start)).max(0.0)
        };
        overlap(self.left, self.width, other.left, other.width)
            * overlap(self.top, self.height, other.top, other.height)
    }

    /// The shared area over the area that either covers: 1 for equal rectangles, 0 for disjoint
    /// ones.
    pub(crate) fn intersection_over_union(&self, other: &Self) -> f32 {
        let shared = self.shared(other);
        shared / (self.area() + other.area() - shared)
    }

    /// The shared area over the smaller one's: 1 where one lies in the other.
    pub(crate) fn overlap(&self, other: &Self) -> f32 {
        self.shared(other) / self.area().min(other.area())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlap_is_measured_by_area() {
        let rect = |left, top| Rect {
            left,
            top,
            width: 2.0,
            height: 2.0,
        };
        assert!((rect(0.0, 0.0).intersection_over_union(&rect(0.0, 0.0)) - 1.0).abs() < 1e-6);
        assert!((rect(0.0, 0.0).intersection_over_union(&rect(1.0, 0.0)) - 1.0 / 3.0).abs() < 1e-6);
        assert!(rect(0.0, 0.0).intersection_over_union(&rect(2.0, 5.0)) < 1e-6);
    }
}
