// `FACE_DATA`: a face template that this device computes; no picture leaves it. Its enrolment asks for the
// same.

import { en as text } from '../../text/en';
import type { StepProps } from '../rooms';
import { LiveStep } from '../screens';

export default function FaceData({ enrols, ...props }: StepProps) {
  const second = enrols && props.challenge?.step === 'FACE_DATA';
  return <LiveStep lead={second ? text.live.second : text.live.dataLead} {...props} />;
}
