// `FACE_DATA`: a face template that this device computes; no picture leaves it. Its enrolment asks for the
// same.

import { useText } from '../language';
import type { StepProps } from '../rooms';
import { LiveStep } from '../screens';

export default function FaceData({ enrols, ...props }: StepProps) {
  const text = useText();
  const second = enrols && props.challenge?.step === 'FACE_DATA';
  return <LiveStep lead={second ? text.live.second : text.live.dataLead} {...props} />;
}
